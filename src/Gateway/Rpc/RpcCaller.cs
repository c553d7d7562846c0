using OpSync.Gateway.Security;

namespace OpSync.Gateway.Rpc;

/// <summary>Who makes a request, and what it may do.</summary>
/// <param name="Id">Whom limits count.</param>
/// <param name="MayChange">Whether it may administer; asked with the name of a method that changes something, one of those there are.</param>
/// <param name="TakeToken">Counts one more call against its rate; false where it may make no more now.</param>
/// <param name="Rate">Calls per second that it may make.</param>
/// <param name="Aborted">Cancelled when it went away.</param>
internal sealed record RpcCaller(Caller Id, Func<string, ValueTask<bool>> MayChange, Func<bool> TakeToken, int Rate, CancellationToken Aborted);
