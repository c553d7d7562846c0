using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OpSync.Codec.Bulk;
using OpSync.Contracts.Peers;
using OpSync.Grains.Tests.Kit;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Chains;
using OpSync.Silo.Fetching;
using OpSync.Silo.Peering;
using OpSync.Silo.Serving;
using OpSync.Storage;
using OpSync.Sync.Ports;
using OpSync.Sync.Trust;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>Headers, payloads and status over real connections, from a store with blocks 100 to 400 and 500 to 600.</summary>
public sealed class BulkServerTests : IAsyncLifetime
{
    private static readonly ulong s_chain = TestChain.Id;
    private readonly string _path = Directory.CreateTempSubdirectory("opsync-bulk-").FullName;
    private readonly PeerIdentity _serverIdentity = PeerIdentity.Create(KeyType.Ed25519), _clientIdentity = PeerIdentity.Create(KeyType.Ed25519);
    private DataDirectory _directory = null!;
    private ServeNode? _server;
    private Swarm? _client;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _directory = DataDirectory.OpenWriter(_path, new ChainIdentity(s_chain, TestChain.Right.HashAt(0)));
        List<AppendItem> items = [];
        for (ulong number = 100; number <= 600; number++)
        {
            if (number is > 400 and < 500) continue;
            var facts = TestChain.Right[number];
            byte[]? signature = number == 102 ? new byte[PayloadItem.SignatureSize] : null;
            items.Add(new AppendItem(new StoredBlock(number, facts.Hash, facts.ParentHash, facts.Timestamp, TestChain.Right.WireAt(number), signature), TrustRank.Configured));
        }

        await _directory.Blocks.AppendAsync(items, Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is not null) await _client.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
        await _directory.DisposeAsync();
        _serverIdentity.Dispose();
        _clientIdentity.Dispose();
        Directory.Delete(_path, recursive: true);
    }

    [Fact]
    public async Task Headers_come_from_a_height_down_as_far_as_asked()
    {
        HeadersReply reply = await HeadersAsync(new HeadersRequest(600, TestChain.Right.HashAt(600), 50, int.MaxValue));

        Assert.Equal((BulkCode.Success, BulkEnd.Complete), (reply.Code, reply.End));
        Assert.Equal(Enumerable.Range(0, 50).Select(i => TestChain.Right.HashAt(600 - (ulong)i)), reply.Hashes);
        Assert.Equal(TestChain.Right.HashAt(550), reply.BottomParent);
    }

    [Fact]
    public async Task Headers_end_at_a_gap_and_at_a_limit_in_bytes_and_say_so()
    {
        HeadersReply gap = await HeadersAsync(new HeadersRequest(510, null, 50, int.MaxValue));
        Assert.Equal((11, BulkEnd.NotFound), (gap.Hashes.Length, gap.End));

        HeadersReply capped = await HeadersAsync(new HeadersRequest(600, null, 50, 3_000));
        Assert.Equal(BulkEnd.Capped, capped.End);
        Assert.InRange(capped.Hashes.Length, 2, 6);

        HeadersReply one = await HeadersAsync(new HeadersRequest(600, null, 50, 0));
        Assert.Equal((1, BulkEnd.Capped), (one.Hashes.Length, one.End));
    }

    [Fact]
    public async Task What_is_not_held_or_has_another_hash_is_not_found_and_senseless_requests_are_invalid()
    {
        Assert.Equal(BulkCode.NotFound, (await HeadersAsync(new HeadersRequest(450, null, 5, 9_999))).Code);
        Assert.Equal(BulkCode.NotFound, (await HeadersAsync(new HeadersRequest(300, TestChain.Wrong.HashAt(300), 5, 9_999))).Code);
        Assert.Equal(BulkCode.InvalidRequest, (await HeadersAsync(new HeadersRequest(ulong.MaxValue, null, 5, 9_999))).Code);
        Assert.Equal(BulkCode.InvalidRequest, (await HeadersAsync(new HeadersRequest(300, null, 0, 9_999))).Code);
    }

    [Fact]
    public async Task Headers_cost_a_part_of_a_block_and_end_where_the_tokens_end()
    {
        HeadersReply reply = await HeadersAsync(
            new HeadersRequest(400, null, 300, int.MaxValue), new ServeOptions { PeerRate = 0.1, PeerBurst = 3, Bulk = new BulkOptions { HeadersPerBlock = 10 } });

        Assert.Equal((30, BulkEnd.RateLimited), (reply.Hashes.Length, reply.End));
        Assert.InRange(reply.RetryAfter, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Headers_of_large_blocks_cost_more()
    {
        int two = TestChain.Right.WireAt(400).Length + 1;
        HeadersReply reply = await HeadersAsync(
            new HeadersRequest(400, null, 300, int.MaxValue), new ServeOptions { PeerRate = 0.1, PeerBurst = 3, Bulk = new BulkOptions { HeaderBytesPerBlock = two } });

        Assert.Equal((6, BulkEnd.RateLimited), (reply.Hashes.Length, reply.End));
    }

    [Fact]
    public async Task Payloads_come_in_order_as_they_are_stored()
    {
        PayloadsRequest request = new(100, 130, int.MaxValue);
        byte[] answer = await AskAsync(BulkProtocols.Payloads(s_chain), Write(request));

        (BulkFault fault, BulkEnd end, int count, _) = Check(answer, request);
        Assert.Equal((BulkFault.None, BulkEnd.Complete, 31), (fault, end, count));
    }

    [Fact]
    public async Task Payloads_end_at_a_gap_at_a_limit_and_where_the_tokens_end()
    {
        PayloadsRequest gap = new(390, 420, int.MaxValue), capped = new(100, 300, 10_000), tiny = new(100, 300, 0);
        ServeOptions poor = new() { PeerRate = 0.001, PeerBurst = 20 };   // nothing comes back while the test runs
        Assert.Equal((BulkFault.None, BulkEnd.NotFound, 11), Parts(Check(await AskAsync(BulkProtocols.Payloads(s_chain), Write(gap)), gap)));
        (_, BulkEnd end, int count, long bytes) = Check(await AskAsync(BulkProtocols.Payloads(s_chain), Write(capped)), capped);
        Assert.Equal(BulkEnd.Capped, end);
        Assert.InRange(count, 1, 200);
        Assert.InRange(bytes, 1, 10_000);
        Assert.Equal((BulkFault.None, BulkEnd.Capped, 1), Parts(Check(await AskAsync(BulkProtocols.Payloads(s_chain), Write(tiny)), tiny)));

        await RestartAsync(poor);
        PayloadsRequest many = new(100, 200, int.MaxValue);
        Assert.Equal((BulkFault.None, BulkEnd.RateLimited, 20), Parts(Check(await AskAsync(BulkProtocols.Payloads(s_chain), Write(many)), many)));
        byte[] refusal = await AskAsync(BulkProtocols.Payloads(s_chain), Write(many));
        Assert.Equal((byte)BulkCode.RateLimited, refusal[0]);
    }

    [Fact]
    public async Task Payloads_wait_for_their_tokens_as_single_requests_do()
    {
        await RestartAsync(new ServeOptions { PeerRate = 200, PeerBurst = 1 });
        PayloadsRequest request = new(100, 119, int.MaxValue);

        Assert.Equal((BulkFault.None, BulkEnd.Complete, 20), Parts(Check(await AskAsync(BulkProtocols.Payloads(s_chain), Write(request)), request)));
    }

    [Theory]
    [InlineData(1 << 20)]
    [InlineData(100)]
    [InlineData(0)]
    public async Task Span_is_read_block_by_block_and_its_end_says_what_becomes_of_the_rest(int accounted)
    {
        await RestartAsync(new ServeOptions());
        await using SpanAnswer answer = Span(s_chain, new PayloadsRequest(395, 410, int.MaxValue));
        TimeSpan before = TimeSpan.Zero;
        for (ulong number = 395; number <= 400; number++)
        {
            SpanPart part = await answer.NextAsync(accounted);
            using PooledResponse wire = part.Wire!;
            Assert.Equal(TestChain.Right.WireAt(number), wire.Memory.ToArray());
            Assert.True(before < part.FirstByteAfter && part.FirstByteAfter < part.Elapsed);
            before = part.FirstByteAfter;
        }

        SpanPart end = await answer.NextAsync(accounted);
        Assert.Equal((null, FetchVerdict.NotFound, null), (end.Wire, end.Next, end.Others));
    }

    [Fact]
    public async Task Span_of_a_peer_that_does_not_speak_the_protocol_is_left_to_the_other_one()
    {
        await RestartAsync(new ServeOptions());
        await using SpanAnswer answer = Span(s_chain + 1, new PayloadsRequest(395, 410, int.MaxValue));

        SpanPart end = await answer.NextAsync(0);
        Assert.Equal((null, null, null), (end.Wire, end.Next, end.Others));
    }

    [Fact]
    public async Task Payloads_of_absent_heights_and_spans_upside_down_are_refused()
    {
        Assert.Equal(BulkAnswer.Refuse(BulkCode.NotFound), await AskAsync(BulkProtocols.Payloads(s_chain), Write(new PayloadsRequest(450, 460, 9))));
        Assert.Equal(BulkAnswer.Refuse(BulkCode.InvalidRequest), await AskAsync(BulkProtocols.Payloads(s_chain), Write(new PayloadsRequest(460, 450, 9))));
    }

    [Fact]
    public async Task Status_tells_what_is_held_and_granted()
    {
        byte[] answer = await AskAsync(BulkProtocols.Status(s_chain), [0]);

        Assert.Equal(BulkFault.None, StatusReply.Read(answer, out _, out StatusReply? status));
        Assert.Equal([new HeldSpan(100, 400), new HeldSpan(500, 600)], status!.Held);
        Assert.Equal((20.0, 40, 32), (status.BlocksPerSecond, status.Burst, status.HeadersPerBlock));
    }

    [Fact]
    public async Task Page_is_accounted_for_before_it_is_read_and_given_back_when_the_store_fails()
    {
        List<long> whileReading = [];
        ServeProtocol protocol = null!;
        bool fails = false;
        IBlockStore store = StandIn.Over<IBlockStore>(_directory.Blocks, (method, _) =>
        {
            if (method.Name != nameof(IBlockStore.ReadAsync)) return null;
            whileReading.Add(protocol.AnswerBytes);
            return fails ? throw new IOException("The disk had a bad moment.") : null;
        });
        protocol = new ServeProtocol(new ChainRegistry([new ServedChain(TestChain.Right.Spec, store)]), Options.Create(new ServeOptions()), TimeProvider.System);
        await using Swarm server = new(new SwarmOptions(), _serverIdentity, NullLogger.Instance, TimeProvider.System);
        protocol.Register(server);
        Assert.True(Multiaddr.TryParse("/ip4/127.0.0.1/tcp/0", out Multiaddr? listen));
        await server.ListenAsync(listen, Token);
        _client = new Swarm(new SwarmOptions(), _clientIdentity, NullLogger.Instance, TimeProvider.System);
        Assert.True((await _client.DialAsync(_serverIdentity.Id, server.ListenAddresses, Token)).IsConnected);

        PayloadsRequest request = new(100, 130, int.MaxValue);
        Assert.Equal(BulkEnd.Complete, Check(await AskAsync(BulkProtocols.Payloads(s_chain), Write(request)), request).End);
        fails = true;
        Assert.Equal((byte)BulkCode.Failed, (await AskAsync(BulkProtocols.Payloads(s_chain), Write(request)))[0]);

        Assert.Equal(Enumerable.Repeat((long)new BulkOptions().PageBytes, 3), whileReading);
        await World.UntilAsync(() => Task.FromResult(protocol.AnswerBytes == 0), () => $"{protocol.AnswerBytes} bytes are still accounted.");
        protocol.Dispose();
    }

    private SpanAnswer Span(ulong chain, PayloadsRequest request) => new(
        new ExchangeStream(_client!, _serverIdentity.Id, BulkProtocols.Payloads(chain), new ExchangeLimits(), Token), request, "server", NullLogger.Instance);

    private async Task<HeadersReply> HeadersAsync(HeadersRequest request, ServeOptions? options = null)
    {
        if (options is not null) await RestartAsync(options);
        byte[] bytes = new byte[HeadersRequest.Size];
        request.Write(bytes);
        byte[] answer = await AskAsync(BulkProtocols.Headers(s_chain), bytes);
        Assert.Equal(BulkFault.None, HeadersReply.Read(answer, request, out HeadersReply? reply));
        return reply!;
    }

    private static byte[] Write(PayloadsRequest request)
    {
        byte[] bytes = new byte[PayloadsRequest.Size];
        request.Write(bytes);
        return bytes;
    }

    private static (BulkFault Fault, BulkEnd End, int Count) Parts((BulkFault Fault, BulkEnd End, int Count, long Bytes) all) => (all.Fault, all.End, all.Count);

    private static (BulkFault Fault, BulkEnd End, int Count, long Bytes) Check(byte[] answer, PayloadsRequest request)
    {
        PayloadsReader reader = new(answer, request);
        long bytes = 0;
        while (reader.TryRead(out PayloadRead item))
        {
            Assert.Equal(TestChain.Right.WireAt(item.Number), item.Wire.ToArray());
            Assert.Equal(item.Number == 102 ? PayloadItem.SignatureSize : 0, item.Signature.Length);
            bytes += item.Wire.Length;
        }

        return (reader.Fault, reader.End, reader.Count, bytes);
    }

    private async Task<byte[]> AskAsync(string protocol, byte[] request)
    {
        if (_client is null) await RestartAsync(new ServeOptions());
        ExchangeResult result = await Exchange.RequestAsync(_client!, _serverIdentity.Id, [protocol], request, new ExchangeLimits(), Token);
        Assert.Equal(ExchangeOutcome.Ok, result.Outcome);
        using PooledResponse response = result.Response!;
        return response.Memory.ToArray();
    }

    private async Task RestartAsync(ServeOptions options)
    {
        if (_client is not null) await _client.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
        Assert.True(Multiaddr.TryParse("/ip4/127.0.0.1/tcp/0", out Multiaddr? listen));
        ChainRegistry chains = new([new ServedChain(TestChain.Right.Spec, _directory.Blocks)]);
        _server = await ServeNode.StartAsync(chains, _serverIdentity, [listen], options, new SwarmOptions(), TimeProvider.System, NullLogger.Instance, Token);
        _client = new Swarm(new SwarmOptions(), _clientIdentity, NullLogger.Instance, TimeProvider.System);
        Assert.True((await _client.DialAsync(_serverIdentity.Id, _server.Addresses, Token)).IsConnected);
    }
}
