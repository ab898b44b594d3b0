namespace Strongroom.Policy;

/// <summary>Decides whether a principal may act on a resource, and says why. Pure.</summary>
/// <remarks>
/// Default closed. Until the identity issue brings users, roles and the evaluation of policies, one rule allows: the root of an account
/// may do everything within its own account. Everybody and everything else is refused.
/// </remarks>
public static class Authorizer
{
    public static bool TryAuthorize<TRequest, TTarget>(
        Principal principal, string action, TRequest request, TTarget target,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Authorized<TRequest, TTarget>? authorized, out Denial denial)
        where TTarget : IResource
    {
        ArgumentNullException.ThrowIfNull(principal);
        denial = principal.Account != target.Account ? Denial.NoResourcePolicy : Denial.NoIdentityPolicy;
        authorized = principal.IsRoot && principal.Account == target.Account ? new(request, target) : null;
        return authorized is not null;
    }
}

/// <summary>The kind of policy that decided against a request; <see cref="DenialText"/> words it as AWS does.</summary>
public enum Denial
{
    NoIdentityPolicy,
    NoResourcePolicy,
}

public static class DenialText
{
    /// <summary>The clause that ends AWS's denial message. Source: IAM fact sheet 3.6.</summary>
    public static string Reason(this Denial denial, string action) =>
        $"because no {(denial == Denial.NoResourcePolicy ? "resource" : "identity")}-based policy allows the {action} action";
}
