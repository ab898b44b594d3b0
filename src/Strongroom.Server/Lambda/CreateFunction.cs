using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Functions;
using Strongroom.Storage;

namespace Strongroom.Server.Lambda;

/// <summary>Source: Lambda model, CreateFunction.</summary>
internal sealed class CreateFunctionRequest : FunctionSettings
{
    public string? FunctionName { get; private set; }
    public CodeParameter? Code { get; private set; }
    public bool? Publish { get; private set; }
    public string? PackageType { get; private set; }
    public IReadOnlyDictionary<string, string>? Tags { get; private set; }
    public string? CodeSigningConfigArn { get; private set; }
    public IReadOnlyList<string>? Architectures { get; private set; }
    public string? PublishTo { get; private set; }
    public TenancyParameter? TenancyConfig { get; private set; }

    /// <summary>The package with its hash, once it was looked at: a plan may be made more than once.</summary>
    public (byte[] Zip, string Sha256)? Package { get; set; }

    public static Shape<CreateFunctionRequest> Shape { get; } = new(Members<CreateFunctionRequest>(
        true,
        Member.String<CreateFunctionRequest>("FunctionName", r => r.FunctionName, (r, v) => r.FunctionName = v, LambdaLimits.FunctionName, required: true),
        Member.Struct<CreateFunctionRequest, CodeParameter>("Code", CodeParameter.Shape, r => r.Code, (r, v) => r.Code = v, required: true),
        Member.Bool<CreateFunctionRequest>("Publish", r => r.Publish, (r, v) => r.Publish = v),
        Member.String<CreateFunctionRequest>("PackageType", r => r.PackageType, (r, v) => r.PackageType = v, Constraint.Enum("Zip", "Image")),
        Member.Map<CreateFunctionRequest>("Tags", r => r.Tags, (r, v) => r.Tags = v),
        Member.String<CreateFunctionRequest>("CodeSigningConfigArn", r => r.CodeSigningConfigArn, (r, v) => r.CodeSigningConfigArn = v, Constraint.Matching(0, 200,
            @"arn:(aws[a-zA-Z-]*)?:lambda:[a-z]{2}((-gov)|(-iso(b?)))?-[a-z]+-\d{1}:\d{12}:code-signing-config:csc-[a-z0-9]{17}")),
        Member.Strings<CreateFunctionRequest>("Architectures", r => r.Architectures, (r, v) => r.Architectures = v, LambdaLimits.Architecture, 1, 1),
        Member.String<CreateFunctionRequest>("PublishTo", r => r.PublishTo, (r, v) => r.PublishTo = v, LambdaLimits.PublishTo),
        Member.Struct<CreateFunctionRequest, TenancyParameter>("TenancyConfig", TenancyParameter.Shape, r => r.TenancyConfig, (r, v) => r.TenancyConfig = v)));
}

internal sealed class CreateFunction(FunctionRegistry registry, LambdaTargets targets, Entropy entropy) : IOperation<CreateFunctionRequest, LambdaTarget, FunctionConfiguration>
{
    public async ValueTask<LambdaTarget> ResolveAsync(CallContext call, CreateFunctionRequest request, CancellationToken ct) =>
        await targets.ResolveAsync(call, request.FunctionName!, null, ct) with
        {
            IsCreation = true,
            RequestTags = request.Tags is { } tags ? TagSet.Of(tags) : null,
        };

    public async ValueTask<Plan<FunctionConfiguration>> PlanAsync(
        CallContext call, Authorized<CreateFunctionRequest, LambdaTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        registry.DemandOn();
        if (request.Tags is { Count: > 0 } tags)
        {
            AccessDenied.Demand(call, "lambda:TagResource", target);
            FunctionChecks.CheckTags(tags);
        }

        Check(request);
        // Nothing but identity policies can allow a creation, and those are of the caller's account.
        var directory = target.Directory ?? throw LambdaErrors.NotFound(target.ResourceArn);
        await ExecutionRoles.DemandAsync(call, registry.Accounts, directory.Account, target.ResourceArn, request.Role!, ct);
        var name = target.ResourceArn[(target.ResourceArn.LastIndexOf(':') + 1)..];
        if (directory.Find(name) is not null)
            throw LambdaErrors.Exists(name);

        var (zip, sha256) = request.Package ??= PackageOf(request.Code!);
        FunctionChecks.DemandRoom(directory, name, zip.Length);
        var made = FunctionChecks.Apply(NewFunction(call, request, zip, sha256), request).At(directory.Account, directory.Region, name);
        var variables = request.Environment?.Variables ?? new Dictionary<string, string>();
        made = made with { Environment = await registry.Vault.SealEnvironmentAsync(made.Account, made.Region, made.Arn, variables, ct) };
        var code = await registry.Vault.SealCodeAsync(made.Account, made.Region, name, sha256, zip, ct);
        return new Plan<FunctionConfiguration>(new FunctionConfiguration(made, variables), directory.Change(made))
        {
            FunctionCode = [new FunctionCodeChange(made.Account, made.Region, name, code)],
        };
    }

    private LambdaFunction NewFunction(CallContext call, CreateFunctionRequest request, byte[] zip, string sha256) => new()
    {
        Runtime = request.Runtime!,
        Handler = request.Handler!,
        Role = request.Role!,
        Architecture = request.Architectures?[0] ?? "x86_64",
        CodeSha256 = sha256,
        CodeSize = zip.Length,
        ModifiedAtMs = call.Now.ToUnixTimeMilliseconds(),
        RevisionId = entropy.NewGuid().ToString(),
        Tags = new SortedDictionary<string, string>(request.Tags?.ToDictionary() ?? [], StringComparer.Ordinal),
    };

    private static void Check(CreateFunctionRequest request)
    {
        FunctionChecks.RefuseVersions(request.Publish, request.PublishTo);
        if (request.PackageType == "Image")
            throw LambdaErrors.Unserved("The package type Image");
        if (!string.IsNullOrEmpty(request.CodeSigningConfigArn))
            throw LambdaErrors.Unserved("CodeSigningConfigArn");
        if (request.TenancyConfig is not null)
            throw LambdaErrors.Unserved("TenancyConfig");
        FunctionChecks.Check(request);
        if (request.Runtime is null || request.Handler is null)
            throw LambdaErrors.InvalidParameter("Runtime and Handler are mandatory parameters for functions created with deployment packages.");
    }

    private static (byte[], string) PackageOf(CodeParameter code)
    {
        var zip = FunctionChecks.Package(code.ZipFile, code.S3Bucket is not null || code.S3Key is not null || code.ImageUri is not null);
        return (zip, FunctionPackage.Sha256(zip));
    }
}
