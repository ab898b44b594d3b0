namespace Strongroom.Protocol.SigV4;

/// <summary>
/// What the verifier needs of a request's headers. Implemented by a struct over whatever the server holds, so that calls are direct and free.
/// </summary>
/// <remarks>
/// Values must carry one wire byte per char (Latin-1), or signed bytes above 0x7F do not verify. For HTTP/2 the text of <c>:authority</c>
/// is the value of <c>host</c>.
/// </remarks>
public interface IHeaderSource
{
    /// <summary>The values of <paramref name="name"/>, compared without regard to case.</summary>
    HeaderValues Find(string name);

    /// <summary>
    /// How many different header names on the wire start with <c>x-amz-</c>, in any case. Counting too few would let an unsigned one through.
    /// </summary>
    int CountAmzNames();
}
