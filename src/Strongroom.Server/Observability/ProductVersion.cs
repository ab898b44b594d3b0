using System.Reflection;

namespace Strongroom.Server.Observability;

/// <summary>The version of this program, for logs and exports.</summary>
internal static class ProductVersion
{
    public static string Text { get; } = typeof(ProductVersion).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
