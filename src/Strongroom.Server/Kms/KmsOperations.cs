using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.Keys;
using static Strongroom.Server.Endpoint.OperationTable;

namespace Strongroom.Server.Kms;

/// <summary>KMS's rows of the operation table, in the API Reference's order.</summary>
internal static class KmsOperations
{
    public static IReadOnlyList<OperationEntry> All(KeyDirectory keys, IamDirectories directories, Keyring keyring, Entropy entropy)
    {
        var targets = new KmsTargets(keys);
        var cipher = new KeyCipher(keys, targets, keyring);
        var tokens = new GrantTokens(keyring);
        var paging = new KmsPaging(keyring);
        var principals = new PolicyPrincipals(directories);
        var policies = new KeyPolicyChecks(principals);
        return
        [
            Op("CancelKeyDeletion", Mutating, KeyIdRequest.Shape, new CancelKeyDeletion(targets)),
            Op("CreateAlias", Mutating, AliasRequest.Shape, new CreateAlias(targets)),
            Op("CreateGrant", Mutating, CreateGrantRequest.Shape, new CreateGrant(targets, new GrantPrincipals(directories), tokens, entropy)),
            Op("CreateKey", Mutating, CreateKeyRequest.Shape, new CreateKey(targets, policies, keyring)),
            Op("Decrypt", ReadOnly, DecryptRequest.Shape, new Decrypt(cipher, tokens)),
            Op("DeleteAlias", Mutating, DeleteAliasRequest.Shape, new DeleteAlias(targets)),
            Op("DescribeKey", ReadOnly, DescribeKeyRequest.Shape, new DescribeKey(targets, tokens)),
            Op("DisableKey", Mutating, KeyIdRequest.Shape, new EnableKey(targets, KeyStates.Disabled)),
            Op("DisableKeyRotation", Mutating, KeyIdRequest.Shape, new DisableKeyRotation(targets)),
            Op("EnableKey", Mutating, KeyIdRequest.Shape, new EnableKey(targets, KeyStates.Enabled)),
            Op("EnableKeyRotation", Mutating, EnableKeyRotationRequest.Shape, new EnableKeyRotation(targets)),
            Op("Encrypt", ReadOnly, EncryptRequest.Shape, new Encrypt(targets, cipher, tokens)),
            Op("GenerateDataKey", ReadOnly, GenerateDataKeyRequest.Shape, new GenerateDataKey(targets, cipher, tokens, entropy, withPlaintext: true)),
            Op("GenerateDataKeyWithoutPlaintext", ReadOnly, GenerateDataKeyRequest.ShapeWithoutPlaintext,
                new GenerateDataKey(targets, cipher, tokens, entropy, withPlaintext: false)),
            Op("GenerateRandom", ReadOnly, GenerateRandomRequest.Shape, new GenerateRandom(targets, entropy)),
            Op("GetKeyPolicy", ReadOnly, GetKeyPolicyRequest.Shape, new GetKeyPolicy(targets, principals)),
            Op("GetKeyRotationStatus", ReadOnly, KeyIdRequest.Shape, new GetKeyRotationStatus(targets)),
            Op("ListAliases", ReadOnly, ListAliasesRequest.Shape, new ListAliases(targets, paging)),
            Op("ListGrants", ReadOnly, ListGrantsRequest.Shape, new ListGrants(targets, paging)),
            Op("ListKeyPolicies", ReadOnly, ListKeyPoliciesRequest.Shape, new ListKeyPolicies(targets, paging)),
            Op("ListKeyRotations", ReadOnly, ListKeyRotationsRequest.Shape, new ListKeyRotations(targets, paging)),
            Op("ListKeys", ReadOnly, ListKeysRequest.Shape, new ListKeys(targets, paging)),
            Op("ListResourceTags", ReadOnly, ListResourceTagsRequest.Shape, new ListResourceTags(targets, paging)),
            Op("ListRetirableGrants", ReadOnly, ListRetirableGrantsRequest.Shape, new ListRetirableGrants(targets, paging)),
            Op("PutKeyPolicy", Mutating, PutKeyPolicyRequest.Shape, new PutKeyPolicy(targets, policies)),
            JsonAs(ServiceProtocol.Kms, "ReEncrypt", ReEncrypt.SourceAction, ReadOnly, ReEncryptRequest.Shape, new ReEncrypt(targets, cipher, tokens)),
            Op("RetireGrant", Mutating, RetireGrantRequest.Shape, new RetireGrant(targets, keys, tokens)),
            Op("RevokeGrant", Mutating, RevokeGrantRequest.Shape, new RevokeGrant(targets)),
            Op("RotateKeyOnDemand", Mutating, KeyIdRequest.Shape, new RotateKeyOnDemand(targets, keys, keyring)),
            Op("ScheduleKeyDeletion", Mutating, ScheduleKeyDeletionRequest.Shape, new ScheduleKeyDeletion(targets)),
            Op("TagResource", Mutating, TagKeyRequest.Shape, new TagKey(targets)),
            Op("UntagResource", Mutating, UntagKeyRequest.Shape, new UntagKey(targets)),
            Op("UpdateAlias", Mutating, AliasRequest.Shape, new UpdateAlias(targets)),
            Op("UpdateKeyDescription", Mutating, UpdateKeyDescriptionRequest.Shape, new UpdateKeyDescription(targets)),
        ];
    }

    private static OperationEntry Op<TRequest, TTarget, TResponse>(
        string name, bool readOnly, Shape<TRequest> shape, IOperation<TRequest, TTarget, TResponse> handler)
        where TRequest : class, new()
        where TTarget : IResource
        where TResponse : IResponse => Json(ServiceProtocol.Kms, name, readOnly, shape, handler);

    private static OperationEntry Op<TRequest, TTarget>(
        string name, bool readOnly, Shape<TRequest> shape, IOperation<TRequest, TTarget, Done> handler)
        where TRequest : class, new()
        where TTarget : IResource => Json(ServiceProtocol.Kms, name, readOnly, shape, handler);
}
