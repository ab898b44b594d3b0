namespace Strongroom.Conformance.Tests.Hardening;

/// <summary>A signing secret, and a file of destinations that names it.</summary>
internal sealed class SigningFiles : IDisposable
{
    public const string Secret = "SIGNING-0123456789abcdef0123456789abcdef";

    private readonly string folder = Directory.CreateTempSubdirectory("strongroom-signing-").FullName;

    public SigningFiles(string address)
    {
        File.WriteAllText(SecretFile, Secret + "\n");
        File.SetUnixFileMode(SecretFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(Destinations, $$"""{"destinations":[{"name":"all","url":"{{address}}","secretFile":"secret"}]}""");
    }

    public string SecretFile => Path.Combine(folder, "secret");

    public string Destinations => Path.Combine(folder, "destinations.json");

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
