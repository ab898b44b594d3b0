using System.Text;
using System.Text.Json;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;

namespace Strongroom.Server.Lambda;

/// <summary>Source: Lambda model, AddPermission.</summary>
internal sealed class AddPermissionRequest
{
    public string? FunctionName { get; private set; }
    public string? StatementId { get; private set; }
    public string? Action { get; private set; }
    public string? Principal { get; private set; }
    public string? SourceArn { get; private set; }
    public string? SourceAccount { get; private set; }
    public string? EventSourceToken { get; private set; }
    public string? Qualifier { get; private set; }
    public string? RevisionId { get; private set; }
    public string? PrincipalOrgID { get; private set; }
    public string? FunctionUrlAuthType { get; private set; }
    public bool? InvokedViaFunctionUrl { get; private set; }

    public static Shape<AddPermissionRequest> Shape { get; } = new(
        Member.String<AddPermissionRequest>("FunctionName", r => r.FunctionName, (r, v) => r.FunctionName = v, LambdaLimits.NamespacedFunctionName, required: true).InPath(),
        Member.String<AddPermissionRequest>("StatementId", r => r.StatementId, (r, v) => r.StatementId = v, Constraint.Matching(1, 100, "([a-zA-Z0-9-_]+)"), required: true),
        Member.String<AddPermissionRequest>("Action", r => r.Action, (r, v) => r.Action = v, Constraint.Matching(0, int.MaxValue, @"(lambda:[*]|lambda:[a-zA-Z]+|[*])"), required: true),
        Member.String<AddPermissionRequest>("Principal", r => r.Principal, (r, v) => r.Principal = v, Constraint.Matching(0, int.MaxValue, @"[^\s]+"), required: true),
        Member.String<AddPermissionRequest>("SourceArn", r => r.SourceArn, (r, v) => r.SourceArn = v,
            Constraint.Matching(0, int.MaxValue, @"arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:([a-z]{2}(-gov)?-[a-z]+-\d{1})?:(\d{12})?:(.*)")),
        Member.String<AddPermissionRequest>("SourceAccount", r => r.SourceAccount, (r, v) => r.SourceAccount = v, Constraint.Matching(0, 12, @"\d{12}")),
        Member.String<AddPermissionRequest>("EventSourceToken", r => r.EventSourceToken, (r, v) => r.EventSourceToken = v, Constraint.Matching(0, 256, @"[a-zA-Z0-9._\-]+")),
        Member.String<AddPermissionRequest>("Qualifier", r => r.Qualifier, (r, v) => r.Qualifier = v, LambdaLimits.Qualifier).InQuery(),
        Member.String<AddPermissionRequest>("RevisionId", r => r.RevisionId, (r, v) => r.RevisionId = v),
        Member.String<AddPermissionRequest>("PrincipalOrgID", r => r.PrincipalOrgID, (r, v) => r.PrincipalOrgID = v, Constraint.Matching(12, 34, "o-[a-z0-9]{10,32}")),
        Member.String<AddPermissionRequest>("FunctionUrlAuthType", r => r.FunctionUrlAuthType, (r, v) => r.FunctionUrlAuthType = v, Constraint.Enum("NONE", "AWS_IAM")),
        Member.Bool<AddPermissionRequest>("InvokedViaFunctionUrl", r => r.InvokedViaFunctionUrl, (r, v) => r.InvokedViaFunctionUrl = v));
}

internal sealed record AddPermissionResponse(string Statement) : IResponse
{
    public bool HasAuditElements => true;

    public void WriteMembers(Utf8JsonWriter writer) => writer.WriteString("Statement"u8, Statement);

    public void WriteAuditElements(Utf8JsonWriter writer) => writer.WriteString("statement"u8, Statement);
}

internal sealed class AddPermission(LambdaTargets targets, PolicyPrincipals principals, Entropy entropy)
    : IOperation<AddPermissionRequest, LambdaTarget, AddPermissionResponse>
{
    public async ValueTask<LambdaTarget> ResolveAsync(CallContext call, AddPermissionRequest request, CancellationToken ct) =>
        await targets.ResolveAsync(call, request.FunctionName!, request.Qualifier, ct) with { Principal = request.Principal };

    public async ValueTask<Plan<AddPermissionResponse>> PlanAsync(
        CallContext call, Authorized<AddPermissionRequest, LambdaTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var function = target.ExistingAt(request.RevisionId);
        if (request.Qualifier is not null || FunctionName.Parse(request.FunctionName!).Qualifier is not null)
            throw LambdaErrors.InvalidParameter("We currently do not support adding policies for $LATEST.");
        if (request.PrincipalOrgID is not null)
            throw LambdaErrors.Unserved("PrincipalOrgID");
        if (request.FunctionUrlAuthType is not null || request.InvokedViaFunctionUrl == true)
            throw LambdaErrors.Unserved("A function URL");
        if (FunctionPolicy.FindStatement(function.Policy, request.StatementId!) is not null)
            throw LambdaErrors.StatementExists(request.StatementId!);

        var statement = FunctionPolicy.Statement(request, function.Arn);
        var policy = FunctionPolicy.With(function.Policy, statement);
        if (Encoding.UTF8.GetByteCount(policy) is var bytes and > LambdaLimits.MaxPolicyBytes)
            throw LambdaErrors.PolicyTooLong(bytes);
        var added = await ResolveAsync(FunctionPolicy.With(null, statement), ct);
        if (!PolicyDocument.TryParse(policy, PolicyKind.Resource, out _, out var error))
            throw LambdaErrors.InvalidParameter(error.Message);
        var changed = function with
        {
            Policy = policy,
            PolicyPrincipals = Merge(function.PolicyPrincipals, added),
            RevisionId = entropy.NewGuid().ToString(),
        };
        return new Plan<AddPermissionResponse>(new AddPermissionResponse(FunctionPolicy.Text(statement)), target.Directory!.Change(changed));
    }

    // Only those of the new statement: principals of others may have gone since, and stay who they were.
    private async ValueTask<IReadOnlyDictionary<string, string>> ResolveAsync(string policy, CancellationToken ct)
    {
        if (!PolicyDocument.TryParse(policy, PolicyKind.Resource, out var document, out _))
            throw LambdaErrors.InvalidPrincipal();
        var resolved = await principals.ResolveAsync(document, ct);
        return resolved.Unknown is null ? resolved.EntityIds : throw LambdaErrors.InvalidPrincipal();
    }

    private static SortedDictionary<string, string>? Merge(IReadOnlyDictionary<string, string>? before, IReadOnlyDictionary<string, string> added)
    {
        var all = new SortedDictionary<string, string>(before?.ToDictionary() ?? [], StringComparer.Ordinal);
        foreach (var (arn, id) in added)
        {
            // Two statements that name one ARN mean one entity: a later one of the same name would else be let in by the earlier statement.
            if (all.TryGetValue(arn, out var known) && known != id)
                throw LambdaErrors.InvalidPrincipal();
            all[arn] = id;
        }

        return all.Count == 0 ? null : all;
    }
}
