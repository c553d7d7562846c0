using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using OpSync.Codec.Archive;
using OpSync.Codec.Keccak;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Gateway.Security;
using OpSync.Gateway.Streaming;
using OpSync.Gateway.Tests.Kit;
using OpSync.Grains.Tests.Kit;
using Xunit;

namespace OpSync.Gateway.Tests;

/// <summary>Stored blocks over HTTP, one at a time and as streams.</summary>
public sealed class BlockTests
{
    private const string Blocks = "/v1/chains/samples/blocks";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_block_comes_in_every_form_by_height_and_by_hash()
    {
        await using Door door = await Door.OpenAsync();
        await door.FillAsync(1, 10);
        foreach (string path in new[] { $"{Blocks}/7", $"{Blocks}/{TestChain.Right.HashAt(7)}" })
        {
            Assert.Equal(Ssz(7), await BytesAsync(door, path, BlockForms.Ssz));
            Assert.Equal(Ssz(7), await BytesAsync(door, path, "*/*"));
            Assert.Equal(TestChain.Right.WireAt(7), await BytesAsync(door, path, BlockForms.Wire));
            Assert.Equal(TestChain.Right.WireAt(7), await BytesAsync(door, path + "?format=wire", BlockForms.Ssz));

            JsonNode engine = JsonNode.Parse(await BytesAsync(door, path, BlockForms.Json))!["executionPayload"]!;
            Assert.Equal("0x7", (string)engine["blockNumber"]!);
            Assert.Equal(TestChain.Right.HashAt(7).ToString(), (string)engine["blockHash"]!);
            AssertIsBlock(engine, 7);

            JsonNode header = JsonNode.Parse(await BytesAsync(door, path, BlockForms.Header))!;
            Assert.True(Hex.TryDecode((string)header["rlp"]!, out byte[]? rlp));
            Assert.Equal(TestChain.Right.HashAt(7), Keccak256.Hash(rlp));
            Assert.Equal(Ssz(7).Length, (int)header["size"]!);
        }

        await door.GetAsync($"{Blocks}/11", HttpStatusCode.NotFound);
        await door.GetAsync($"{Blocks}/{TestChain.Right.HashAt(11)}", HttpStatusCode.NotFound);
        await door.GetAsync($"{Blocks}/seven", HttpStatusCode.BadRequest);
        await door.GetAsync($"{Blocks}/0x12", HttpStatusCode.BadRequest);
        await door.GetAsync($"{Blocks}/7?format=rlp", HttpStatusCode.BadRequest);
        await door.SendAsync(HttpMethod.Get, $"{Blocks}/7", null, HttpStatusCode.NotAcceptable, ("Accept", "image/png"));
    }

    [Fact]
    public async Task A_block_that_is_known_is_not_sent_again()
    {
        await using Door door = await Door.OpenAsync();
        await door.FillAsync(1, 10);
        foreach (string path in new[] { $"{Blocks}/7", $"{Blocks}/{TestChain.Right.HashAt(7)}" })
        {
            using HttpResponseMessage first = await door.Client.GetAsync(path, Token);
            Assert.Equal(TestChain.Right.HashAt(7).ToString(), Assert.Single(first.Headers.GetValues("OpSync-Block-Hash")));
            using HttpRequestMessage again = new(HttpMethod.Get, path);
            again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
            using HttpResponseMessage second = await door.Client.SendAsync(again, Token);
            Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
            Assert.Empty(await second.Content.ReadAsByteArrayAsync(Token));

            // Another form is another representation.
            using HttpRequestMessage other = new(HttpMethod.Get, path + "?format=wire");
            other.Headers.IfNoneMatch.Add(first.Headers.ETag!);
            using HttpResponseMessage third = await door.Client.SendAsync(other, Token);
            Assert.Equal(HttpStatusCode.OK, third.StatusCode);
        }

        using HttpRequestMessage head = new(HttpMethod.Head, $"{Blocks}/7");
        using HttpResponseMessage headed = await door.Client.SendAsync(head, Token);
        Assert.Equal((HttpStatusCode.OK, (long)Ssz(7).Length), (headed.StatusCode, headed.Content.Headers.ContentLength));
    }

    [Fact]
    public async Task A_stream_has_every_block_in_order_and_ends_at_the_first_gap()
    {
        await using Door door = await Door.OpenAsync();
        await door.FillAsync(1, 300);
        await door.CompleteAsync(await door.PostRangeAsync(400, 410));

        byte[] ssz = await BytesAsync(door, $"{Blocks}?from=5&to=700", BlockForms.SszStream);
        ReadOnlyMemory<byte> rest = ssz;
        ulong number = 5;
        for (; rest.Length > 0; number++)
        {
            Assert.Equal(number, BinaryPrimitives.ReadUInt64LittleEndian(rest.Span));
            int length = BinaryPrimitives.ReadInt32LittleEndian(rest.Span[8..]);
            Assert.Equal(Ssz(number), rest.Slice(BlockWriter.SszRecordSize, length).ToArray());
            rest = rest[(BlockWriter.SszRecordSize + length)..];
        }

        Assert.Equal(301UL, number);
        Assert.Equal("no-such-block", (string)(await door.GetAsync($"{Blocks}?from=301&to=399", HttpStatusCode.NotFound))["code"]!);

        string[] lines = System.Text.Encoding.UTF8.GetString(await BytesAsync(door, $"{Blocks}?from=400&to=410", BlockForms.Lines)).TrimEnd().Split('\n');
        Assert.Equal(11, lines.Length);
        for (int i = 0; i < lines.Length; i++) AssertIsBlock(JsonNode.Parse(lines[i])!["executionPayload"]!, 400 + (ulong)i);

        byte[] archive = await BytesAsync(door, $"{Blocks}?from=400&to=402&format=wire", "*/*");
        Assert.Equal(OperationStatus.Done, ArchiveHeader.Read(archive, out ArchiveHeader header));
        Assert.Equal((TestChain.Id, TestChain.Right.Spec.Genesis.Hash, 400UL, 402UL), (header.ChainId, header.GenesisHash, header.First, header.Last));
        int at = ArchiveHeader.Size;
        for (ulong n = 400; n <= 402; n++)
        {
            Assert.Equal(OperationStatus.Done, ArchiveRecord.Read(archive.AsSpan(at), PayloadByNumber.SizeMax, out ArchiveRecord record));
            Assert.Equal(n, record.Number);
            Assert.Equal(TestChain.Right.WireAt(n), archive.AsSpan(at + ArchiveRecord.Size, record.PayloadSize).ToArray());
            at += ArchiveRecord.Size + record.PayloadSize;
        }

        Assert.Equal(archive.Length, at);
        await door.GetAsync($"{Blocks}?from=5&to=4", HttpStatusCode.BadRequest);
        await door.GetAsync(Blocks, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task What_a_callers_own_anchor_vouches_for_is_shown_with_its_range_only()
    {
        await using Door door = await Door.OpenAsync();
        await door.World.AddAsync(ScriptedPeer.Honest("honest"));
        using HttpClient syncer = door.NewClient(Door.Syncer);
        using HttpResponseMessage posted = await syncer.PostAsync("/v1/ranges", new StringContent(Door.RangeBody(1, 10), new MediaTypeHeaderValue("application/json")), Token);
        string id = (string)(await Door.ReadAsync(posted, HttpStatusCode.Accepted))["id"]!;
        await door.CompleteAsync(id);

        await door.GetAsync($"{Blocks}/7", HttpStatusCode.NotFound);
        await door.GetAsync($"{Blocks}/{TestChain.Right.HashAt(7)}", HttpStatusCode.NotFound);
        await door.GetAsync($"{Blocks}/{TestChain.Right.HashAt(7)}?range={id}", HttpStatusCode.BadRequest);
        await door.GetAsync($"{Blocks}?from=1&to=10", HttpStatusCode.NotFound);
        Assert.Equal(Ssz(7), await BytesAsync(door, $"{Blocks}/7?range={id}", BlockForms.Ssz));
        Assert.NotEmpty(await BytesAsync(door, $"{Blocks}?from=1&range={id}", BlockForms.SszStream));
        await door.GetAsync($"{Blocks}/11?range={id}", HttpStatusCode.BadRequest);
        await door.GetAsync($"{Blocks}/7?range=x", HttpStatusCode.NotFound);

        string open = await door.PostRangeAsync(1, 700);
        await door.SendAsync(HttpMethod.Delete, $"/v1/ranges/{open}", null, HttpStatusCode.OK);
        Assert.Equal("range-not-complete", (string)(await door.GetAsync($"{Blocks}/700?range={open}", HttpStatusCode.Conflict))["code"]!);
    }

    [Fact]
    public async Task Blocks_that_a_callers_anchor_contradicts_are_never_shown_as_its_own_not_even_after_a_restart()
    {
        await using Door door = await Door.OpenAsync();
        await door.World.AddAsync(ScriptedPeer.Honest("honest"));
        await door.CompleteAsync(await door.PostRangeAsync(1, 10));
        using HttpClient syncer = door.NewClient(Door.Syncer);
        string body = $$$"""{"chain":"samples","first":1,"last":10,"anchor":{"number":10,"hash":"{{{TestChain.Wrong.HashAt(10)}}}"}}""";
        using HttpResponseMessage posted = await syncer.PostAsync("/v1/ranges", new StringContent(body, new MediaTypeHeaderValue("application/json")), Token);
        string id = (string)(await Door.ReadAsync(posted, HttpStatusCode.Accepted))["id"]!;
        await door.World.AddAsync(ScriptedPeer.Following("other", TestChain.Wrong));
        JsonNode range = await door.CompleteAsync(id);

        Assert.Equal(("contradicted", 10UL), ((string)range["stall"]!["code"]!, (ulong)range["stored"]!));
        Assert.Equal("range-not-complete", (string)(await door.GetAsync($"{Blocks}/7?range={id}", HttpStatusCode.Conflict))["code"]!);

        await door.World.KillAsync();
        await door.World.StartSiloAsync();
        Assert.Equal("contradicted", (string)(await door.GetAsync($"/v1/ranges/{id}"))["stall"]!["code"]!);
        Assert.Equal("range-not-complete", (string)(await door.GetAsync($"{Blocks}/7?range={id}", HttpStatusCode.Conflict))["code"]!);
        Assert.Equal("range-not-complete", (string)(await door.GetAsync($"{Blocks}?from=1&range={id}", HttpStatusCode.Conflict))["code"]!);
    }

    [Fact]
    public async Task Ten_followers_cost_one_download_and_a_slow_one_delays_nobody()
    {
        // The budget is so small that the slow one could hold all of it, were there no share for each caller.
        GatewayLimits limits = new() { BlockBytesMax = 6 << 20, CallerBlockBytesMax = 6 << 20 };
        await using Door door = await Door.OpenAsync(limits);
        const ulong first = 1, last = TestChain.Last;
        using HttpClient client = door.NewClient(Door.Reader);
        using SemaphoreSlim slowGate = new(0);
        Task<int> slow = FollowAsync(client, first, last, async count => { if (count % 50 == 0) await slowGate.WaitAsync(Token); });
        Task<int>[] fast = [.. Enumerable.Range(0, 9).Select(_ => FollowAsync(client, first, last, _ => Task.CompletedTask))];

        await door.World.AddAsync(ScriptedPeer.Honest("one"));   // with two, slow answers are asked for twice on purpose
        string id = await door.PostRangeAsync(first, last);
        await door.CompleteAsync(id);

        // All others end while the slow one has not taken a hundredth of what they did.
        Assert.All(await Task.WhenAll(fast), count => Assert.Equal((int)(last - first + 1), count));
        Assert.False(slow.IsCompleted);
        slowGate.Release(1_000);
        Assert.Equal((int)(last - first + 1), await slow);
        Assert.Empty(door.World.Crowd.AskedTwice());
        ByteBudget budget = (ByteBudget)door.Services.GetService(typeof(ByteBudget))!;
        Assert.InRange(budget.Most, 1, limits.BlockBytesMax);
        await World.UntilAsync(() => Task.FromResult(budget.Used == 0), "The budget does not come back.");
    }

    [Fact]
    public async Task A_caller_has_so_many_streams_and_no_more()
    {
        await using Door door = await Door.OpenAsync(new GatewayLimits { CallerStreamsMax = 2, StreamsMax = 3 });
        using HttpClient other = door.NewClient(Door.Reader);
        List<HttpResponseMessage> open = [];
        for (int i = 0; i < 2; i++) open.Add(await door.Client.GetAsync($"{Blocks}?from=1&follow=true", HttpCompletionOption.ResponseHeadersRead, Token));

        await door.GetAsync($"{Blocks}?from=1&follow=true", HttpStatusCode.TooManyRequests);
        open.Add(await other.GetAsync($"{Blocks}?from=1&follow=true", HttpCompletionOption.ResponseHeadersRead, Token));
        using (HttpResponseMessage full = await other.GetAsync($"{Blocks}?from=1&follow=true", Token)) Assert.Equal(HttpStatusCode.ServiceUnavailable, full.StatusCode);
        foreach (HttpResponseMessage response in open) response.Dispose();

        // Who goes gives his place back.
        BlockStream streams = (BlockStream)door.Services.GetService(typeof(BlockStream))!;
        await World.UntilAsync(() => Task.FromResult(streams.Open == 0), () => $"{streams.Open} streams stay open.");
    }

    /// <summary>Reads a following stream to its end and checks each block; gives their number.</summary>
    private static async Task<int> FollowAsync(HttpClient client, ulong first, ulong last, Func<int, Task> pace)
    {
        using HttpResponseMessage response = await client.GetAsync($"{Blocks}?from={first}&to={last}&follow=true", HttpCompletionOption.ResponseHeadersRead, Token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await using Stream stream = await response.Content.ReadAsStreamAsync(Token);
        byte[] head = new byte[BlockWriter.SszRecordSize];
        int count = 0;
        while (await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, Token) == head.Length)
        {
            Assert.Equal(first + (ulong)count, BinaryPrimitives.ReadUInt64LittleEndian(head));
            byte[] body = new byte[BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(8))];
            await stream.ReadExactlyAsync(body, Token);
            Assert.Equal(Ssz(first + (ulong)count), body);
            await pace(++count);
        }

        return count;
    }

    private static async Task<byte[]> BytesAsync(Door door, string path, string accept)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(accept));
        using HttpResponseMessage response = await door.Client.SendAsync(request, Token);
        byte[] bytes = await response.Content.ReadAsByteArrayAsync(Token);
        Assert.True(response.IsSuccessStatusCode, System.Text.Encoding.UTF8.GetString(bytes));
        return bytes;
    }

    private static readonly Lazy<byte[][]> AllSsz = new(static () =>
    {
        PayloadResponseReader reader = new(TestChain.Right.Spec);
        byte[][] all = new byte[TestChain.Last + 1][];
        for (ulong number = 1; number <= TestChain.Last; number++)
        {
            Assert.Equal(PayloadFault.None, reader.Read(TestChain.Right.WireAt(number), number, out _));
            all[number] = reader.Ssz.ToArray();
        }

        return all;
    });

    private static byte[] Ssz(ulong number) => AllSsz.Value[number];

    private static void AssertIsBlock(JsonNode engine, ulong number)
    {
        byte[] ssz = Ssz(number);
        Assert.Equal(PayloadFault.None, ExecutionPayloadView.Read(ssz, TestChain.Right.Spec.VersionAt(TestChain.Right[number].Timestamp), out ExecutionPayloadView view));
        Assert.Equal(view.BlockHash.ToString(), (string)engine["blockHash"]!);
        Assert.Equal(view.StateRoot.ToString(), (string)engine["stateRoot"]!);
        Assert.Equal(Hex.Encode(view.LogsBloom), (string)engine["logsBloom"]!);
        Assert.Equal(Hex.Encode(view.ExtraData), (string)engine["extraData"]!);
        Assert.Equal($"0x{view.GasLimit:x}", (string)engine["gasLimit"]!);
        Assert.Equal($"0x{view.Timestamp:x}", (string)engine["timestamp"]!);
        Assert.Equal(view.WithdrawalsRoot.ToString(), (string)engine["withdrawalsRoot"]!);
        JsonArray transactions = engine["transactions"]!.AsArray();
        Assert.Equal(view.Transactions.Count, transactions.Count);
        for (int i = 0; i < transactions.Count; i++) Assert.Equal(Hex.Encode(view.Transactions[i]), (string)transactions[i]!);
        Assert.Empty(engine["withdrawals"]!.AsArray());
    }
}
