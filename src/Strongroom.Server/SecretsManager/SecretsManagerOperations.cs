using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.Keys;
using Strongroom.Server.Observability;
using Strongroom.Server.Rotation;
using Strongroom.Storage;
using static Strongroom.Server.Endpoint.OperationTable;

namespace Strongroom.Server.SecretsManager;

/// <summary>Secrets Manager's rows of the operation table, in the API Reference's order.</summary>
internal static class SecretsManagerOperations
{
    public static IReadOnlyList<OperationEntry> All(
        ISecretStore store, Keyring keyring, KeyDirectory keys, Regions regions, IRotationFunctions functions, PolicyPrincipals principals, SecretQuota quota,
        Entropy entropy, SecretReads? reads = null)
    {
        var targets = new SecretTargets(store);
        var vault = new SecretVault(store, keyring, new SecretKeys(keys, keyring));
        var replication = new Replication(store, vault, quota, regions);
        var tokens = new PagingTokens(keyring);
        var pages = new SecretPages(store, tokens);
        var get = new GetSecretValue(targets, store, vault, reads);

        return
        [
            Op("BatchGetSecretValue", ReadOnly, BatchGetSecretValueRequest.Shape, new BatchGetSecretValue(pages, get)),
            Op("CancelRotateSecret", Mutating, SecretIdRequest.Shape, new CancelRotateSecret(targets, vault)),
            Op("CreateSecret", Mutating, CreateSecretRequest.Shape, new CreateSecret(store, vault, replication, quota, entropy)),
            Op("DeleteResourcePolicy", Mutating, SecretIdRequest.Shape, new DeleteResourcePolicy(targets, vault)),
            Op("DeleteSecret", Mutating, DeleteSecretRequest.Shape, new DeleteSecret(targets, vault)),
            Op("DescribeSecret", ReadOnly, SecretIdRequest.Shape, new DescribeSecret(targets, vault)),
            Op("GetRandomPassword", ReadOnly, GetRandomPasswordRequest.Shape, new GetRandomPassword(entropy)),
            Op("GetResourcePolicy", ReadOnly, SecretIdRequest.Shape, new GetResourcePolicy(targets, principals)),
            Op("GetSecretValue", ReadOnly, GetSecretValueRequest.Shape, get),
            Op("ListSecretVersionIds", ReadOnly, ListSecretVersionIdsRequest.Shape, new ListSecretVersionIds(targets, store, tokens)),
            Op("ListSecrets", ReadOnly, ListSecretsRequest.Shape, new ListSecrets(pages)),
            Op("PutResourcePolicy", Mutating, PutResourcePolicyRequest.Shape, new PutResourcePolicy(targets, vault, principals)),
            Op("PutSecretValue", Mutating, PutSecretValueRequest.Shape, new PutSecretValue(targets, vault)),
            Op("RemoveRegionsFromReplication", Mutating, RemoveRegionsFromReplicationRequest.Shape, new RemoveRegionsFromReplication(targets, vault)),
            Op("ReplicateSecretToRegions", Mutating, ReplicateSecretToRegionsRequest.Shape, new ReplicateSecretToRegions(targets, vault, replication)),
            Op("RestoreSecret", Mutating, SecretIdRequest.Shape, new RestoreSecret(targets, vault)),
            Op("RotateSecret", Mutating, RotateSecretRequest.Shape, new RotateSecret(targets, store, vault, functions)),
            Op("StopReplicationToReplica", Mutating, SecretIdRequest.Shape, new StopReplicationToReplica(targets, store, vault)),
            Op("TagResource", Mutating, TagResourceRequest.Shape, new TagResource(targets, vault)),
            Op("UntagResource", Mutating, UntagResourceRequest.Shape, new UntagResource(targets, vault)),
            Op("UpdateSecret", Mutating, UpdateSecretRequest.Shape, new UpdateSecret(targets, vault)),
            Op("UpdateSecretVersionStage", Mutating, UpdateSecretVersionStageRequest.Shape, new UpdateSecretVersionStage(targets, store, vault)),
            Op("ValidateResourcePolicy", ReadOnly, ValidateResourcePolicyRequest.Shape, new ValidateResourcePolicy(targets, principals)),
        ];
    }

    private static OperationEntry Op<TRequest, TTarget, TResponse>(
        string name, bool readOnly, Shape<TRequest> shape, IOperation<TRequest, TTarget, TResponse> handler)
        where TRequest : class, new()
        where TTarget : IResource
        where TResponse : IResponse => Json(ServiceProtocol.SecretsManager, name, readOnly, shape, handler);
}
