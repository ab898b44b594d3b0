using System.Reflection;
using System.Runtime.CompilerServices;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Server.Hosting;
using Strongroom.Storage;

namespace Strongroom.Tests.Architecture;

/// <summary>The walls of style.md section 1: who may know whom, and who can make a proof.</summary>
public sealed class ArchitectureTests
{
    private static readonly Assembly Server = typeof(StrongroomServer).Assembly;

    [Theory]
    [InlineData(typeof(Arn))]
    [InlineData(typeof(Authorizer))]
    [InlineData(typeof(Keyring))]
    [InlineData(typeof(SqlStore), "Strongroom.Crypto", "Strongroom.Protocol")]
    [InlineData(typeof(StrongroomServer), "Strongroom.Crypto", "Strongroom.Policy", "Strongroom.Protocol", "Strongroom.Storage")]
    public void A_room_knows_only_its_neighbours(Type inside, params string[] allowed)
    {
        var known = inside.Assembly.GetReferencedAssemblies().Select(a => a.Name!).Where(n => n.StartsWith("Strongroom.", StringComparison.Ordinal));

        Assert.Empty(known.Except(allowed));
    }

    [Fact]
    public void The_store_is_never_given_a_keyring() =>
        Assert.DoesNotContain(
            typeof(SqlStore).Assembly.GetTypes().SelectMany(t => t.GetMembers(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)),
            m => m is FieldInfo field && field.FieldType == typeof(Keyring) || m is MethodBase method && method.GetParameters().Any(p => p.ParameterType == typeof(Keyring)));

    [Fact]
    public void Only_the_policy_engine_can_make_an_authorization() =>
        Assert.All(typeof(Authorized<,>).GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic), c => Assert.True(c.IsAssembly));

    [Fact]
    public void The_policy_engine_opens_its_insides_to_tests_alone() =>
        Assert.Equal(["Strongroom.Tests"], typeof(Authorizer).Assembly.GetCustomAttributes<InternalsVisibleToAttribute>().Select(a => a.AssemblyName));

    [Theory]
    [InlineData("Strongroom.Server.Authentication.Caller", "#pragma warning disable RS0030 // An authenticator", "SigV4Authenticator.cs", "WebIdentityAuthenticator.cs")]
    [InlineData("Strongroom.Server.Audit.Audited`1", "#pragma warning disable RS0030 // The one place that makes them", "AuditTrail.cs")]
    public void A_proof_is_made_in_these_files_alone(string type, string lifted, params string[] files)
    {
        Assert.True(Server.GetType(type)!.IsClass); // a struct's default would forge one
        var root = Repository.Root;
        Assert.Contains($"M:{type}.#ctor(", File.ReadAllText(Path.Combine(root, "eng", "BannedSymbols.txt")), StringComparison.Ordinal);
        var lifting = Directory.EnumerateFiles(Path.Combine(root, "src", "Strongroom.Server"), "*.cs", SearchOption.AllDirectories)
            .Where(f => File.ReadAllText(f).Contains(lifted, StringComparison.Ordinal));
        Assert.Equal(files, lifting.Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Chance_has_one_source_in_shipped_assemblies() =>
        Assert.Equal(
            ["SystemEntropy"],
            new[] { typeof(Keyring), typeof(SqlStore), typeof(StrongroomServer), typeof(Arn), typeof(Authorizer) }
                .SelectMany(t => t.Assembly.GetTypes()).Where(t => t.IsSubclassOf(typeof(Entropy))).Select(t => t.Name));
}

internal static class Repository
{
    public static string Root
    {
        get
        {
            var directory = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(directory!.FullName, "Strongroom.slnx")))
                directory = directory.Parent;
            return directory.FullName;
        }
    }
}
