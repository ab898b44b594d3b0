using Strongroom.Crypto;
using Strongroom.Protocol.AwsJson;
using Strongroom.Policy;
using Strongroom.Server.Keys;
using Strongroom.Server.Rotation;
using Strongroom.Server.SecretsManager;
using Strongroom.Server.Sts;
using Strongroom.Storage;

namespace Strongroom.Server.Endpoint;

/// <summary>Every operation there is. The row is the registration; a test compares the rows with the service model.</summary>
internal sealed class OperationTable
{
    private const bool ReadOnly = true;
    private const bool Mutating = false;

    private readonly Dictionary<(string Service, string Name), OperationEntry> byName;

    public OperationTable(ISecretStore store, Keyring keyring, KeyDirectory keys, Regions regions, IRotationFunctions functions, Entropy entropy)
    {
        var targets = new SecretTargets(store);
        var vault = new SecretVault(store, keyring, keys);
        var replication = new Replication(store, vault, keys, regions);
        var tokens = new PagingTokens(keyring);
        var pages = new SecretPages(store, tokens);
        var get = new GetSecretValue(targets, store, vault);

        Entries =
        [
            Op("BatchGetSecretValue", ReadOnly, BatchGetSecretValueRequest.Shape, new BatchGetSecretValue(pages, get)),
            Op("CancelRotateSecret", Mutating, SecretIdRequest.Shape, new CancelRotateSecret(targets, vault)),
            Op("CreateSecret", Mutating, CreateSecretRequest.Shape, new CreateSecret(store, vault, replication, entropy)),
            Op("DeleteResourcePolicy", Mutating, SecretIdRequest.Shape, new DeleteResourcePolicy(targets, vault)),
            Op("DeleteSecret", Mutating, DeleteSecretRequest.Shape, new DeleteSecret(targets, vault)),
            Op("DescribeSecret", ReadOnly, SecretIdRequest.Shape, new DescribeSecret(targets, vault)),
            Op("GetRandomPassword", ReadOnly, GetRandomPasswordRequest.Shape, new GetRandomPassword(entropy)),
            Op("GetResourcePolicy", ReadOnly, SecretIdRequest.Shape, new GetResourcePolicy(targets)),
            Op("GetSecretValue", ReadOnly, GetSecretValueRequest.Shape, get),
            Op("ListSecretVersionIds", ReadOnly, ListSecretVersionIdsRequest.Shape, new ListSecretVersionIds(targets, store, tokens)),
            Op("ListSecrets", ReadOnly, ListSecretsRequest.Shape, new ListSecrets(pages)),
            Op("PutResourcePolicy", Mutating, PutResourcePolicyRequest.Shape, new PutResourcePolicy(targets, vault)),
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
            Op("ValidateResourcePolicy", ReadOnly, ValidateResourcePolicyRequest.Shape, new ValidateResourcePolicy(targets)),

            Sts("GetCallerIdentity", ReadOnly, GetCallerIdentityRequest.Shape, new GetCallerIdentity()),
        ];
        byName = Entries.ToDictionary(e => (e.Name.Service, e.Name.Name));
    }

    /// <summary>In the API Reference's order.</summary>
    public IReadOnlyList<OperationEntry> Entries { get; }

    public OperationEntry? Find(string service, string name) => byName.GetValueOrDefault((service, name));

    private static Operation<TRequest, TTarget, TResponse> Op<TRequest, TTarget, TResponse>(
        string name, bool readOnly, Shape<TRequest> shape, IOperation<TRequest, TTarget, TResponse> handler)
        where TRequest : class, new()
        where TTarget : IResource
        where TResponse : IResponse => new(
            new OperationName("secretsmanager", name, readOnly), shape, handler, new((s, body) => s.Decode(body), Encode.Json));

    private static Operation<TRequest, TTarget, TResponse> Sts<TRequest, TTarget, TResponse>(
        string name, bool readOnly, Shape<TRequest> shape, IOperation<TRequest, TTarget, TResponse> handler)
        where TRequest : class, new()
        where TTarget : IResource
        where TResponse : IResponse, IXmlResponse =>
        // The one STS operation so far has no parameters to read from the form.
        new(
            new OperationName("sts", name, readOnly), shape, handler,
            new((_, _) => new TRequest(), Encode.Query<TResponse>(name, "https://sts.amazonaws.com/doc/2011-06-15/")));
}
