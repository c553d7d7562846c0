using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpSync.Codec.Tests.OpStack;
using OpSync.Gateway.Rpc.Tests.Kit;
using OpSync.Gateway.Security;
using Xunit;

namespace OpSync.Gateway.Rpc.Tests;

/// <summary>What requests hold in memory: each caller its share.</summary>
public sealed class MemoryTests
{
    private static readonly IPAddress s_greedy = IPAddress.Parse("10.0.0.1"), s_modest = IPAddress.Parse("10.0.0.2");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_who_takes_no_answers_fills_his_share_and_another_is_answered(bool isBatch)
    {
        RealBlock block = RealBlock.Load("op-sepolia-26207962");
        RpcLimits limits = new() { AnswersBytesMax = 2 << 20, CallerAnswersBytesMax = 1 << 20, TurnTimeout = TimeSpan.FromSeconds(2) };
        await using RpcHost host = await RpcHost.StartAsync(new RpcSettings { Chains = [new RpcChain(block.Chain) { TrustPostedBlocks = true }], Limits = limits });
        await host.ResultAsync(block.Chain.ChainId, "admin_postUnsafePayload", $"[{block.Json.GetProperty("executionPayloadEnvelope").GetRawText()}]", RpcHost.AdminToken);
        string one = $$"""{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["0x{{block.Number:x}}",true]}""";
        string body = isBatch ? $"[{one},{one}]" : one;

        using Gate gate = new();
        List<Answer> stuck = [.. Enumerable.Range(0, 32).Select(_ => new Answer(host, block.Chain.ChainId, s_greedy, body, gate))];
        Answer other = new(host, block.Chain.ChainId, s_modest, body);
        await other.Done;

        Assert.Equal(isBatch ? 2 : 1, Results(other));

        // Each has something to say by now: those that found room hold what the limit allows, and no more; the others are told so.
        foreach (Answer answer in stuck) await answer.Begun;
        Assert.InRange(stuck.Count(s => s.BeginsWithResult), 1, (int)(limits.CallerAnswersBytesMax / (128 << 10)));
        gate.Open();
        foreach (Answer answer in stuck) await answer.Done;
        Assert.Contains(stuck, s => s.Text.Contains("-32005", StringComparison.Ordinal));
        Assert.All(stuck, s => Assert.NotNull(JsonNode.Parse(s.Text)));

        // All came back: the greedy one is answered again.
        Answer again = new(host, block.Chain.ChainId, s_greedy, body);
        await again.Done;
        Assert.Equal(isBatch ? 2 : 1, Results(again));
    }

    [Fact]
    public async Task Bodies_that_do_not_end_fill_their_callers_share_and_short_ones_of_others_and_his_own_are_read()
    {
        RpcLimits limits = new() { BodiesBytesMax = 256 << 10, CallerBodiesBytesMax = 128 << 10, BodyTimeout = TimeSpan.FromSeconds(3) };
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings(limits: limits));
        const string call = """{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}""";
        string padded = call + new string(' ', 60_000);
        Answer[] slow = [.. Enumerable.Range(0, 16).Select(_ => new Answer(host, Samples.ChainId, s_greedy, padded, endless: true))];

        Answer own = new(host, Samples.ChainId, s_greedy, call), other = new(host, Samples.ChainId, s_modest, padded);
        await Task.WhenAll(own.Done, other.Done);
        foreach (Answer answer in slow) await answer.Done;

        Assert.Equal((200, 200), (own.Status, other.Status));
        Assert.InRange(slow.Count(s => s.Status == 408), 1, 8);   // 16 to 64 KiB each; the refused ones gave back what they had
        Assert.All(slow, s => Assert.True(s.Status is 408 or 503));
        Answer again = new(host, Samples.ChainId, s_greedy, padded);
        await again.Done;
        Assert.Equal(200, again.Status);
    }

    [Fact]
    public async Task Request_of_more_values_than_are_taken_apart_is_refused()
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings(limits: new RpcLimits { TokensMax = 1_000 }));
        (_, string body) = await host.SendAsync(Samples.ChainId, $"[{string.Join(',', Enumerable.Repeat("1", 1_000))}]");
        Assert.Equal(-32600, (int)JsonNode.Parse(body)!["error"]!["code"]!);
        Assert.Contains("1000 values", body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(9_000)]
    [InlineData(200_000)]
    public async Task Text_that_finds_no_room_is_counted_and_written_once_there_is(int length)
    {
        ByteBudget budget = new(2 << 20, 2 << 20);
        Caller caller = new(1);
        Assert.True(budget.TryTake(caller, 2 << 20));   // another request of the same caller
        using MemoryStream target = new();
        using (AnswerBuffer answer = new(budget, caller, 1 << 20, target))
        {
            Write(answer, "[");
            WriteJson(answer, length);
            if (length > ChargedBytes.OwnBytes)
            {
                Assert.Equal(length + 3, answer.Lacking);
                answer.CutBack(1);
                ValueTask room = answer.ReserveAsync(length + 3, Token);
                Assert.False(room.IsCompleted);
                budget.Return(caller, 1 << 20);
                await room;
                WriteJson(answer, length);
            }

            Assert.Equal(0, answer.Lacking);
            Write(answer, "]");
            Assert.Equal(length + 4, answer.Length);
            await answer.SendAsync(Token);
            Assert.Equal((1 << 20) - length - 4, answer.Room);
        }

        Assert.Equal("[\"" + new string('x', length) + "\"]", Encoding.UTF8.GetString(target.ToArray()));
        Assert.Equal(length > ChargedBytes.OwnBytes ? 1 << 20 : 2 << 20, budget.Used);
    }

    private static int Results(Answer answer) => answer.Text.Split("\"result\":{").Length - 1;

    private static void Write(AnswerBuffer answer, string text)
    {
        int written = Encoding.UTF8.GetBytes(text, answer.GetSpan(text.Length));
        answer.Advance(written);
    }

    private static void WriteJson(AnswerBuffer answer, int length)
    {
        using Utf8JsonWriter writer = new(answer);
        writer.WriteStringValue(new string('x', length));
    }

    /// <summary>Closed until it is opened.</summary>
    private sealed class Gate : IDisposable
    {
        private readonly CancellationTokenSource _opened = new();

        public void Open() => _opened.Cancel();

        public async Task WaitAsync()
        {
            TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
            await using CancellationTokenRegistration registration = _opened.Token.Register(() => opened.TrySetResult());
            await opened.Task.WaitAsync(Token);
        }

        public void Dispose() => _opened.Dispose();
    }

    /// <summary>A request that comes from an address and takes its answer once a gate is open.</summary>
    private sealed class Answer
    {
        private readonly DefaultHttpContext _context = new();
        private readonly Taker _target;

        public Answer(RpcHost host, ulong chainId, IPAddress from, string body, Gate? gate = null, bool endless = false)
        {
            _target = new Taker(gate);
            _context.RequestServices = host.Services;
            _context.Connection.RemoteIpAddress = from;
            _context.Request.Method = "POST";
            _context.Request.ContentType = "application/json";
            _context.Request.Body = endless ? new Endless(body) : new MemoryStream(Encoding.UTF8.GetBytes(body));
            _context.Request.RouteValues = new RouteValueDictionary { ["chainId"] = chainId.ToString(System.Globalization.CultureInfo.InvariantCulture) };
            _context.Response.Body = _target;
            Done = Task.Run(() => host.Services.GetRequiredService<RpcEndpoint>().HandleAsync(_context), Token);
        }

        public Task Done { get; }

        /// <summary>Ends when something is to be sent.</summary>
        public Task Begun => _target.Begun.Task.WaitAsync(Token);

        /// <summary>Whether that is a block, or the beginning of one.</summary>
        public bool BeginsWithResult => _target.First.Contains("\"result\":{", StringComparison.Ordinal);

        public int Status => _context.Response.StatusCode;

        public string Text => Encoding.UTF8.GetString(_target.ToArray());
    }

    private sealed class Taker(Gate? gate) : MemoryStream
    {
        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string First { get; private set; } = "";

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (First.Length == 0) First = Encoding.UTF8.GetString(buffer.Span);
            Begun.TrySetResult();
            if (gate is not null) await gate.WaitAsync();
            Write(buffer.Span);
        }
    }

    /// <summary>A body whose last byte never comes.</summary>
    private sealed class Endless(string text) : MemoryStream(Encoding.UTF8.GetBytes(text))
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = Read(buffer.Span);
            if (read == 0 && !buffer.IsEmpty) await Task.Delay(Timeout.Infinite, cancellationToken);
            return read;
        }
    }
}
