using OpSync.Libp2p.Protocols.Ping;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Swarms;
using OpSync.Libp2p.Tests.TestKit;
using Xunit;

namespace OpSync.Libp2p.Tests.Protocols;

public sealed class PingTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ping_measures_in_both_directions_and_not_without_a_connection()
    {
        await using Node a = await Node.StartAsync(), b = await Node.StartAsync();
        Assert.Null(await PingProtocol.MeasureAsync(a.Swarm, b.Id, Ct));
        await a.ConnectAsync(b);
        Assert.NotNull(await PingProtocol.MeasureAsync(a.Swarm, b.Id, Ct));
        await b.IdentifiedAsync(a.Id);
        Assert.NotNull(await PingProtocol.MeasureAsync(b.Swarm, a.Id, Ct));
    }

    [Fact]
    public async Task Ping_of_a_peer_that_echoes_wrongly_or_not_is_nothing()
    {
        await using Node a = await Node.StartAsync(), b = await Node.StartAsync();
        b.Swarm.Handle(PingProtocol.ProtocolId, static async (request, ct) => await request.Stream.WriteAsync(new byte[32], ct));
        await a.ConnectAsync(b);
        Assert.Null(await PingProtocol.MeasureAsync(a.Swarm, b.Id, Ct));
        b.Swarm.Handle(PingProtocol.ProtocolId, static (_, _) => default);
        Assert.Null(await PingProtocol.MeasureAsync(a.Swarm, b.Id, Ct));
    }

    [Fact]
    public async Task Ping_stream_that_asks_too_much_is_reset()
    {
        await using Node a = await Node.StartAsync(), b = await Node.StartAsync();
        await a.ConnectAsync(b);
        OpenResult open = await a.Swarm.OpenStreamAsync(b.Id, [PingProtocol.ProtocolId], Ct);
        await using Libp2pStream stream = open.Stream!;
        byte[] ping = new byte[PingProtocol.Size];
        int echoed = 0;
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            for (; echoed < 10_000; echoed++)
            {
                await stream.WriteAsync(ping, Ct);
                await stream.ReadExactlyAsync(ping, Ct);
            }
        });
        Assert.True(echoed >= PingProtocol.Burst);
    }

    [Fact]
    public async Task Second_inbound_ping_stream_of_a_peer_is_reset_while_the_first_lives()
    {
        await using Node a = await Node.StartAsync(), b = await Node.StartAsync();
        await a.ConnectAsync(b);
        OpenResult first = await a.Swarm.OpenStreamAsync(b.Id, [PingProtocol.ProtocolId], Ct);
        await using Libp2pStream stream = first.Stream!;
        byte[] ping = new byte[PingProtocol.Size];
        for (int i = 0; i < 3; i++)
        {
            await stream.WriteAsync(ping, Ct);
            await stream.ReadExactlyAsync(ping, Ct);
        }

        OpenResult second = await a.Swarm.OpenStreamAsync(b.Id, [PingProtocol.ProtocolId], Ct);
        await using (Libp2pStream extra = second.Stream!)
        {
            await Assert.ThrowsAnyAsync<IOException>(async () =>
            {
                await extra.WriteAsync(ping, Ct);
                await extra.ReadExactlyAsync(ping, Ct);
            });
        }
        await stream.WriteAsync(ping, Ct);
        await stream.ReadExactlyAsync(ping, Ct);
    }
}
