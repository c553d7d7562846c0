using System.Text;
using OpSync.Libp2p.Multistream;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Libp2p.Tests.Multistream;

public sealed class OptimisticStreamTests
{
    private const string Opening = "\u0013/multistream/1.0.0\n\u0005/a/1\n";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task First_write_carries_the_proposal_and_the_first_read_confirms_it()
    {
        InMemoryDuplex pair = new();
        RecordingStream recorded = new(pair.Left);
        OptimisticStream stream = new(recorded, "/a/1");
        await stream.WriteAsync("one"u8.ToArray(), Token);
        await stream.WriteAsync("two"u8.ToArray(), Token);
        await stream.CloseWriteAsync(Token);
        Assert.Equal([Opening + "one", "two"], recorded.Writes);
        Assert.True(recorded.IsClosed);

        Assert.True((await MultistreamSelect.ListenAsync(pair.Right, new HashSet<string> { "/a/1" }, Token)).IsSelected);
        byte[] request = new byte[6];
        await pair.Right.ReadExactlyAsync(request, Token);
        Assert.Equal("onetwo", Encoding.ASCII.GetString(request));

        await pair.Right.WriteAsync("answer"u8.ToArray(), Token);
        pair.Right.CloseWrite();
        byte[] answer = new byte[16];
        Assert.Equal(6, await stream.ReadAtLeastAsync(answer, 16, throwOnEndOfStream: false, Token));
        Assert.Equal("answer", Encoding.ASCII.GetString(answer, 0, 6));
    }

    [Fact]
    public async Task Half_close_without_a_write_still_proposes()
    {
        InMemoryDuplex pair = new();
        RecordingStream recorded = new(pair.Left);
        await new OptimisticStream(recorded, "/a/1").CloseWriteAsync(Token);
        Assert.Equal([Opening], recorded.Writes);
        Assert.True(recorded.IsClosed);
    }

    [Theory]
    [InlineData("\u0013/multistream/1.0.0\n\u0003na\n", MultistreamVerdict.Refused)]
    [InlineData("\u0013/multistream/1.0.0\n\u0005/b/1\n", MultistreamVerdict.Malformed)]
    [InlineData("\u0013/multi", MultistreamVerdict.Closed)]
    public async Task First_read_of_a_refused_stream_throws_with_the_verdict(string reply, MultistreamVerdict verdict)
    {
        InMemoryDuplex pair = new();
        await pair.Right.WriteAsync(Encoding.Latin1.GetBytes(reply), Token);
        pair.Right.CloseWrite();
        OptimisticStream stream = new(new RecordingStream(pair.Left), "/a/1");
        await stream.WriteAsync("one"u8.ToArray(), Token);
        ProtocolRefusedException refused =
            await Assert.ThrowsAsync<ProtocolRefusedException>(() => stream.ReadAsync(new byte[8], Token).AsTask());
        Assert.Equal(verdict, refused.Verdict);
    }

    [Fact]
    public async Task Read_before_any_write_is_a_bug_and_throws()
    {
        OptimisticStream stream = new(new RecordingStream(new InMemoryDuplex().Left), "/a/1");
        await Assert.ThrowsAsync<InvalidOperationException>(() => stream.ReadAsync(new byte[8], Token).AsTask());
    }
}
