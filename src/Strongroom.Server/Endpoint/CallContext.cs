using Strongroom.Policy;
using Strongroom.Protocol.AwsRest;
using Strongroom.Server.Authentication;

namespace Strongroom.Server.Endpoint;

/// <summary>What is known of one call beside its parameters. One per request; not shared between threads.</summary>
internal sealed class CallContext
{
    /// <summary>Same value in <c>x-amzn-RequestId</c>, the audit record and the log.</summary>
    public required Guid RequestId { get; init; }

    /// <summary>The instant of the call, whole milliseconds: every date that the call writes is this one.</summary>
    public required DateTimeOffset Now { get; init; }

    public required string SourceIp { get; init; }
    public string? UserAgent { get; init; }
    public string? Host { get; init; }

    /// <summary>TLS protocol and cipher suite; null over plain HTTP.</summary>
    public (string Version, string CipherSuite)? Tls { get; init; }

    /// <summary>From the credential scope; <c>us-east-1</c> in the record of a call whose scope is not known.</summary>
    public string Region { get; set; } = "us-east-1";

    /// <summary>The parameters of a Query-protocol call, not taken apart yet; empty for other protocols.</summary>
    public string QueryText { get; set; } = "";

    /// <summary>Whether the call came by the Query protocol, whose errors have other codes and statuses.</summary>
    public bool IsQuery { get; set; }

    /// <summary>The parts of a REST call that are not its body; null for other protocols, and for paths that lead nowhere.</summary>
    public RestRequest? Rest { get; set; }

    /// <summary>How the answer of a REST call differs from 200 with nothing but the usual headers; null when it does not.</summary>
    public RestReply? Reply { get; set; }

    /// <summary>The same facts as policies see them. Made on first use, once the region is known.</summary>
    public RequestFacts Facts => facts ??= new RequestFacts
    {
        Now = Now,
        SourceIp = SourceIp,
        SecureTransport = Tls is not null,
        UserAgent = UserAgent,
        RequestedRegion = Region,
    };

    private RequestFacts? facts;

    /// <summary>Null until the signature has been verified.</summary>
    public Caller? VerifiedCaller { get; set; }

    /// <summary>The account whose trail gets the record: the caller's, or the one that a web identity comes to. Null while neither is known.</summary>
    public string? RecipientAccount
    {
        get => recipientAccount ?? VerifiedCaller?.Account;
        set => recipientAccount = value;
    }

    private string? recipientAccount;

    /// <summary>The access key the caller claims, verified or not; for the record only.</summary>
    public string? ClaimedAccessKeyId { get; set; }

    /// <summary>ARN of the KMS key that an authorized call acts on, for the record's <c>resources</c>; null for other calls.</summary>
    public string? KeyArn { get; set; }

    /// <summary>Uses of customers' KMS keys that this call made for its caller: each gets a record beside the call's own. Null for none.</summary>
    public List<Audit.KeyUse>? KeyUses { get; set; }

    /// <summary>Whose slot this call has; null until that is known.</summary>
    public Quotas.Consumer? Consumer { get; set; }

    /// <summary>The caller, after authentication.</summary>
    public Caller Caller => VerifiedCaller ?? throw new InvalidOperationException("The call has not been authenticated.");
}
