using Xunit;

namespace OpSync.Gateway.Rpc.Tests.Kit;

/// <summary>One host with usual limits and no blocks, for all tests of a class that change nothing.</summary>
public sealed class PlainHost : IAsyncLifetime
{
    internal RpcHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await RpcHost.StartAsync(Samples.Settings());

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
