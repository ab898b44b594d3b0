using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Functions;
using Strongroom.Storage;

namespace Strongroom.Server.Lambda;

/// <summary>Source: Lambda model, UpdateFunctionCode.</summary>
internal sealed class UpdateFunctionCodeRequest
{
    public string? FunctionName { get; private set; }
    public byte[]? ZipFile { get; private set; }
    public string? S3Bucket { get; private set; }
    public string? S3Key { get; private set; }
    public string? S3ObjectVersion { get; private set; }
    public string? ImageUri { get; private set; }
    public bool? Publish { get; private set; }
    public bool? DryRun { get; private set; }
    public string? RevisionId { get; private set; }
    public IReadOnlyList<string>? Architectures { get; private set; }
    public string? SourceKMSKeyArn { get; private set; }
    public string? PublishTo { get; private set; }

    /// <summary>The package with its hash, once it was looked at: a plan may be made more than once.</summary>
    public (byte[] Zip, string Sha256)? Package { get; set; }

    public static Shape<UpdateFunctionCodeRequest> Shape { get; } = new(
        Member.String<UpdateFunctionCodeRequest>("FunctionName", r => r.FunctionName, (r, v) => r.FunctionName = v, LambdaLimits.FunctionName, required: true).InPath(),
        Member.Secret<UpdateFunctionCodeRequest>("ZipFile", base64: true, r => r.ZipFile?.Length, (r, v) => r.ZipFile = v.ToArray(), 0, int.MaxValue),
        Member.String<UpdateFunctionCodeRequest>("S3Bucket", r => r.S3Bucket, (r, v) => r.S3Bucket = v, LambdaLimits.S3Bucket),
        Member.String<UpdateFunctionCodeRequest>("S3Key", r => r.S3Key, (r, v) => r.S3Key = v, LambdaLimits.S3Text),
        Member.String<UpdateFunctionCodeRequest>("S3ObjectVersion", r => r.S3ObjectVersion, (r, v) => r.S3ObjectVersion = v, LambdaLimits.S3Text),
        Member.String<UpdateFunctionCodeRequest>("ImageUri", r => r.ImageUri, (r, v) => r.ImageUri = v),
        Member.Bool<UpdateFunctionCodeRequest>("Publish", r => r.Publish, (r, v) => r.Publish = v),
        Member.Bool<UpdateFunctionCodeRequest>("DryRun", r => r.DryRun, (r, v) => r.DryRun = v),
        Member.String<UpdateFunctionCodeRequest>("RevisionId", r => r.RevisionId, (r, v) => r.RevisionId = v),
        Member.Strings<UpdateFunctionCodeRequest>("Architectures", r => r.Architectures, (r, v) => r.Architectures = v, LambdaLimits.Architecture, 1, 1),
        Member.String<UpdateFunctionCodeRequest>("SourceKMSKeyArn", r => r.SourceKMSKeyArn, (r, v) => r.SourceKMSKeyArn = v, LambdaLimits.Resource),
        Member.String<UpdateFunctionCodeRequest>("PublishTo", r => r.PublishTo, (r, v) => r.PublishTo = v, LambdaLimits.PublishTo));
}

internal sealed class UpdateFunctionCode(FunctionRegistry registry, LambdaTargets targets, Entropy entropy)
    : IOperation<UpdateFunctionCodeRequest, LambdaTarget, FunctionConfiguration>
{
    public ValueTask<LambdaTarget> ResolveAsync(CallContext call, UpdateFunctionCodeRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.FunctionName!, null, ct);

    public async ValueTask<Plan<FunctionConfiguration>> PlanAsync(
        CallContext call, Authorized<UpdateFunctionCodeRequest, LambdaTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        registry.DemandOn();
        var function = target.ExistingAt(request.RevisionId);
        FunctionChecks.RefuseVersions(request.Publish, request.PublishTo);
        if (request.Package is null)
        {
            var checkedZip = FunctionChecks.Package(request.ZipFile, request.S3Bucket is not null || request.S3Key is not null || request.ImageUri is not null);
            request.Package = (checkedZip, FunctionPackage.Sha256(checkedZip));
        }

        var (zip, sha256) = request.Package.Value;
        FunctionChecks.DemandRoom(target.Directory!, function.Name, zip.Length);
        var changed = function with
        {
            Architecture = request.Architectures?[0] ?? function.Architecture,
            CodeSha256 = sha256,
            CodeSize = zip.Length,
            ModifiedAtMs = call.Now.ToUnixTimeMilliseconds(),
            RevisionId = entropy.NewGuid().ToString(),
        };
        var answer = await FunctionConfiguration.OfAsync(registry, changed, ct);
        if (request.DryRun == true)
            return answer;
        var code = await registry.Vault.SealCodeAsync(function.Account, function.Region, function.Name, sha256, zip, ct);
        return new Plan<FunctionConfiguration>(answer, target.Directory!.Change(changed))
        {
            FunctionCode = [new FunctionCodeChange(function.Account, function.Region, function.Name, code)],
        };
    }
}
