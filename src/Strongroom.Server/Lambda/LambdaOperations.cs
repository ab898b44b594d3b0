using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using static Strongroom.Server.Endpoint.OperationTable;

namespace Strongroom.Server.Lambda;

/// <summary>Lambda's rows of the operation table. Paths and statuses: Lambda model. Names of events: recorded CloudTrail events, which have the API's date in them.</summary>
internal static class LambdaOperations
{
    private const string Functions = "/2015-03-31/functions";
    private const string Function = Functions + "/{FunctionName}";
    private const string Tags = "/2017-03-31/tags/{Resource}";

    public static IReadOnlyList<OperationEntry> All(FunctionRegistry registry, PolicyPrincipals principals, Keyring keyring, Entropy entropy)
    {
        var targets = new LambdaTargets(registry);
        return
        [
            Op("AddPermission", "20150331v2", new("POST", Function + "/policy", 201), Mutating, AddPermissionRequest.Shape, new AddPermission(targets, principals, entropy)),
            Op("CreateFunction", "20150331", new("POST", Functions, 201) { HasCode = true }, Mutating, CreateFunctionRequest.Shape, new CreateFunction(registry, targets, entropy)),
            Op("DeleteFunction", "20150331", new("DELETE", Function, 204), Mutating, FunctionRequest.Shape, new DeleteFunction(targets)),
            Op("GetFunction", "20150331v2", new("GET", Function), ReadOnly, FunctionRequest.Shape, new GetFunction(registry, targets)),
            Op("GetFunctionCodeSigningConfig", "", new("GET", "/2020-06-30/functions/{FunctionName}/code-signing-config"), ReadOnly,
                FunctionRequest.ShapeWithoutQualifier, new GetFunctionCodeSigningConfig(targets)),
            Op("GetFunctionConfiguration", "20150331v2", new("GET", Function + "/configuration"), ReadOnly, FunctionRequest.Shape, new GetFunctionConfiguration(registry, targets)),
            Op("GetPolicy", "20150331v2", new("GET", Function + "/policy"), ReadOnly, FunctionRequest.Shape, new GetPolicy(targets, principals)),
            // Permitted, and recorded, under names of its own.
            Rest(ServiceProtocol.Lambda, "Invoke", "lambda:InvokeFunction", "Invoke", new("POST", Function + "/invocations") { TooLargeCode = "RequestTooLargeException" },
                Mutating, InvokeRequest.Shape, new Invoke(registry, targets)),
            Op("ListFunctions", "20150331", new("GET", Functions), ReadOnly, ListFunctionsRequest.Shape, new ListFunctions(registry, targets, keyring)),
            Op("ListTags", "20170331", new("GET", Tags), ReadOnly, ListTagsRequest.Shape, new ListTags(targets)),
            Op("ListVersionsByFunction", "20150331", new("GET", Function + "/versions"), ReadOnly, ListVersionsRequest.Shape, new ListVersionsByFunction(registry, targets)),
            Op("RemovePermission", "20150331v2", new("DELETE", Function + "/policy/{StatementId}", 204), Mutating, RemovePermissionRequest.Shape, new RemovePermission(targets, entropy)),
            Op("TagResource", "20170331v2", new("POST", Tags, 204), Mutating, TagFunctionRequest.Shape, new TagFunction(targets)),
            Op("UntagResource", "20170331v2", new("DELETE", Tags, 204), Mutating, UntagFunctionRequest.Shape, new UntagFunction(targets)),
            Op("UpdateFunctionCode", "20150331v2", new("PUT", Function + "/code") { HasCode = true }, Mutating, UpdateFunctionCodeRequest.Shape,
                new UpdateFunctionCode(registry, targets, entropy)),
            Op("UpdateFunctionConfiguration", "20150331v2", new("PUT", Function + "/configuration"), Mutating, UpdateFunctionConfigurationRequest.Shape,
                new UpdateFunctionConfiguration(registry, targets, entropy)),
        ];
    }

    private static OperationEntry Op<TRequest, TTarget, TResponse>(
        string name, string eventVersion, RestPath path, bool readOnly, Shape<TRequest> shape, IOperation<TRequest, TTarget, TResponse> handler)
        where TRequest : class, new()
        where TTarget : IResource
        where TResponse : IAnswer => Rest(ServiceProtocol.Lambda, name, null, name + eventVersion, path, readOnly, shape, handler);
}
