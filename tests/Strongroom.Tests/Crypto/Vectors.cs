using System.Text.Json;
using Strongroom.Crypto;

namespace Strongroom.Tests.Crypto;

/// <summary>Reads tests/vectors/crypto/, which an independent implementation wrote (generate.py beside the files).</summary>
internal static class Vectors
{
    public static JsonElement Read(string name)
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Strongroom.slnx")))
            directory = directory.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
        var file = Path.Combine(directory.FullName, "tests", "vectors", "crypto", name);
        return JsonDocument.Parse(File.ReadAllBytes(file)).RootElement;
    }

    public static byte[] Hex(this JsonElement element, string name) => Convert.FromHexString(element.Text(name));

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static WrappedKey Key(JsonElement key) => new(
        Guid.Parse(key.Text("keyId")), key.Text("account"), key.Text("region"), key.GetProperty("version").GetInt32(), key.Hex("wrapped"),
        DateTimeOffset.UnixEpoch);

    public static Binding Binding(JsonElement value)
    {
        var binding = value.GetProperty("binding");
        return new(binding.Text("account"), binding.Text("region"), binding.Text("arn"), binding.Text("versionId"));
    }

    public static SecretKind Kind(JsonElement value) => Enum.Parse<SecretKind>(value.Text("kind"));

    public static Keyring Keyring(JsonElement file, Entropy entropy) => new(SecretBytes.CopyFrom(file.Hex("rootKey")), entropy);
}
