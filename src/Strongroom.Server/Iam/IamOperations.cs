using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam.AccessKeys;
using Strongroom.Server.Iam.Users;
using Strongroom.Server.Keys;
using static Strongroom.Server.Endpoint.OperationTable;

namespace Strongroom.Server.Iam;

/// <summary>IAM's rows of the operation table, grouped as the folders are.</summary>
internal static class IamOperations
{
    public static IReadOnlyList<OperationEntry> All(IamDirectories directories, KeyDirectory keys, Keyring keyring, Entropy entropy)
    {
        var paging = new Paging(keyring);
        return
        [
            .. Users(directories, paging, entropy),
            .. AccessKeys(directories, keys, keyring, entropy),
        ];
    }

    private static OperationEntry[] Users(IamDirectories directories, Paging paging, Entropy entropy) =>
    [
        Op("CreateUser", Mutating, CreateUserRequest.Shape, new CreateUser(directories, entropy)),
        Op("GetUser", ReadOnly, GetUserRequest.Shape, new GetUser(directories)),
        Op("ListUsers", ReadOnly, ListUsersRequest.Shape, new ListUsers(directories, paging)),
    ];

    private static OperationEntry[] AccessKeys(IamDirectories directories, KeyDirectory keys, Keyring keyring, Entropy entropy) =>
    [
        Op("CreateAccessKey", Mutating, CreateAccessKeyRequest.Shape, new CreateAccessKey(directories, keys, keyring, entropy)),
    ];

    private static OperationEntry Op<TRequest, TTarget, TResponse>(
        string name, bool readOnly, Shape<TRequest> shape, IOperation<TRequest, TTarget, TResponse> handler)
        where TRequest : class, new()
        where TTarget : IResource
        where TResponse : IAnswer => Query(ServiceProtocol.Iam, name, readOnly, shape, handler);
}
