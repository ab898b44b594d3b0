using Strongroom.Server.Directories;
using Strongroom.Server.Functions;
using Strongroom.Server.Iam;

namespace Strongroom.Server.Lambda;

/// <summary>What the operations on functions and their invocations work with.</summary>
/// <param name="Host">Runs them; off unless the operator says otherwise.</param>
internal sealed record FunctionRegistry(
    LambdaDirectories Directories, IamDirectories Accounts, FunctionVault Vault, IFunctionHost Host, FunctionInvoker Invoker)
{
    /// <param name="stopping">Ends invocations.</param>
    public static FunctionRegistry Over(DirectoryCache cache, IamDirectories accounts, FunctionVault vault, IFunctionHost host, CancellationToken stopping) =>
        new(new LambdaDirectories(cache, accounts), accounts, vault, host, new FunctionInvoker(vault, host, stopping));

    /// <exception cref="Protocol.ServiceException">InvalidParameterValueException: functions are off.</exception>
    public void DemandOn()
    {
        if (!Host.IsOn)
            throw LambdaErrors.FunctionsOff();
    }
}
