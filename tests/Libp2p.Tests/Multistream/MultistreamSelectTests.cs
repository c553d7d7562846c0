using System.Text;
using OpSync.Libp2p.Multistream;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Libp2p.Tests.Multistream;

public sealed class MultistreamSelectTests
{
    private const string Header = "\u0013/multistream/1.0.0\n";
    private const string A = "/a/1";
    private const string B = "/opstack/req/payload_by_number/10/0";

    private static readonly HashSet<string> s_both = [A, B];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1)]
    public async Task Both_sides_agree_and_leave_the_stream_at_its_first_byte(int readSizeMax)
    {
        InMemoryDuplex pair = new(readSizeMax: readSizeMax);
        Task<MultistreamResult> listening = MultistreamSelect.ListenAsync(pair.Right, s_both, Token).AsTask();
        MultistreamResult dialled = await MultistreamSelect.DialAsync(pair.Left, ["/unknown", B, A], Token);

        Assert.Equal(new(MultistreamVerdict.Selected, B), dialled);
        Assert.Equal(dialled, await listening);
        await pair.Left.WriteAsync("first"u8.ToArray(), Token);
        await pair.Right.WriteAsync("answer"u8.ToArray(), Token);
        Assert.Equal("first", await ReadAsync(pair.Right, 5));
        Assert.Equal("answer", await ReadAsync(pair.Left, 6));
        Assert.Equal((0, 0), (pair.Left.Available, pair.Right.Available));
    }

    [Fact]
    public async Task Dialer_sends_header_and_proposal_in_one_write_and_reads_no_byte_too_many()
    {
        InMemoryDuplex pair = new();
        await pair.Right.WriteAsync(Bytes(Header + Line("na") + Line(A) + "payload"), Token);
        using RecordingStream recorded = new(pair.Left);
        MultistreamResult result = await MultistreamSelect.DialAsync(recorded, [B, A], Token);

        Assert.Equal(new(MultistreamVerdict.Selected, A), result);
        Assert.Equal([Header + Line(B), Line(A)], recorded.Writes);
        Assert.Equal("payload".Length, pair.Left.Available);
    }

    [Fact]
    public async Task Dialer_out_of_proposals_is_refused()
    {
        InMemoryDuplex pair = new();
        await pair.Right.WriteAsync(Bytes(Header + Line("na") + Line("na")), Token);
        Assert.Equal(new(MultistreamVerdict.Refused, null), await MultistreamSelect.DialAsync(pair.Left, [A, B], Token));
    }

    [Theory]
    [InlineData("\u0013/multistream/1.0.1\n\u0005/a/1\n")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    [InlineData(Header + "\u0005/a/2\n")]
    [InlineData(Header + "\u0006/a/11\n")]
    [InlineData(Header + "\u0003no\n")]
    public async Task Dialer_hearing_something_else_ends_with_malformed(string answer)
    {
        InMemoryDuplex pair = new();
        await pair.Right.WriteAsync(Encoding.Latin1.GetBytes(answer), Token);
        Assert.Equal(new(MultistreamVerdict.Malformed, null), await MultistreamSelect.DialAsync(pair.Left, [A], Token));
    }

    [Fact]
    public async Task Dialer_cut_off_anywhere_ends_with_closed()
    {
        byte[] answer = Bytes(Header + Line(B));
        for (int size = 0; size < answer.Length; size++)
        {
            InMemoryDuplex pair = new();
            await pair.Right.WriteAsync(answer.AsMemory(0, size), Token);
            pair.Right.CloseWrite();
            Assert.Equal(new(MultistreamVerdict.Closed, null), await MultistreamSelect.DialAsync(pair.Left, [B], Token));
        }
    }

    [Fact]
    public async Task Broken_stream_is_a_verdict_on_both_sides()
    {
        InMemoryDuplex pair = new();
        pair.Right.Abort();
        Assert.Equal(MultistreamVerdict.Closed, (await MultistreamSelect.DialAsync(pair.Left, [A], Token)).Verdict);
        Assert.Equal(MultistreamVerdict.Closed, (await MultistreamSelect.ListenAsync(pair.Left, s_both, Token)).Verdict);
        Assert.Equal(MultistreamVerdict.Closed, (await MultistreamSelect.ConfirmAsync(pair.Left, A, Token)).Verdict);
    }

    [Fact]
    public async Task Listener_answers_a_whole_proposal_in_one_write()
    {
        InMemoryDuplex pair = new();
        await pair.Left.WriteAsync(Bytes(Header + Line("/x/1") + Line("/x/2") + Line(B) + "payload"), Token);
        using RecordingStream recorded = new(pair.Right);
        MultistreamResult result = await MultistreamSelect.ListenAsync(recorded, s_both, Token);

        Assert.Equal(new(MultistreamVerdict.Selected, B), result);
        Assert.Equal([Header + Line("na") + Line("na") + Line(B)], recorded.Writes);
        Assert.Equal("payload".Length, pair.Right.Available);
    }

    [Fact]
    public async Task Listener_greets_and_answers_a_dialer_that_waits_for_each_line()
    {
        InMemoryDuplex pair = new();
        Task<MultistreamResult> listening = MultistreamSelect.ListenAsync(pair.Right, s_both, Token).AsTask();
        Assert.Equal(Header, await ReadAsync(pair.Left, Header.Length));
        await pair.Left.WriteAsync(Bytes(Header), Token);
        await pair.Left.WriteAsync(Bytes(Line("/x/1")), Token);
        Assert.Equal(Line("na"), await ReadAsync(pair.Left, Line("na").Length));
        await pair.Left.WriteAsync(Bytes(Line(A)), Token);
        Assert.Equal(Line(A), await ReadAsync(pair.Left, Line(A).Length));
        Assert.Equal(new(MultistreamVerdict.Selected, A), await listening);
    }

    [Fact]
    public async Task Listener_lists_its_protocols_on_request()
    {
        InMemoryDuplex pair = new();
        await pair.Left.WriteAsync(Bytes(Header + Line("ls") + Line(A)), Token);
        Assert.True((await MultistreamSelect.ListenAsync(pair.Right, s_both, Token)).IsSelected);
        Assert.Equal(Header, await ReadAsync(pair.Left, Header.Length));
        string listing = Line(A) + Line(B) + "\n";
        Assert.Equal((char)listing.Length + listing, await ReadAsync(pair.Left, 1 + listing.Length));
        Assert.Equal(Line(A), await ReadAsync(pair.Left, Line(A).Length));
        Assert.Equal(0, pair.Left.Available);
    }

    [Fact]
    public async Task Listing_of_very_many_protocols_stays_below_its_limit()
    {
        HashSet<string> many = [.. Enumerable.Range(0, 1_000).Select(i => $"/protocol/{i:d40}"), A];
        InMemoryDuplex pair = new();
        await pair.Left.WriteAsync(Bytes(Header + Line("ls") + Line(A)), Token);
        Assert.True((await MultistreamSelect.ListenAsync(pair.Right, many, Token)).IsSelected);
        Assert.InRange(pair.Left.Available, MultistreamSelect.ListingSizeMax - 100, Header.Length + MultistreamSelect.ListingSizeMax + 10);
    }

    [Fact]
    public async Task Listener_gives_up_after_its_limit_of_proposals()
    {
        InMemoryDuplex pair = new();
        await pair.Left.WriteAsync(Bytes(Header + string.Concat(Enumerable.Repeat(Line("/x/1"), MultistreamSelect.ProposalsMax - 1)) + Line(A)), Token);
        Assert.Equal(MultistreamVerdict.Selected, (await MultistreamSelect.ListenAsync(pair.Right, s_both, Token)).Verdict);

        pair = new();
        await pair.Left.WriteAsync(Bytes(Header + string.Concat(Enumerable.Repeat(Line("/x/1"), MultistreamSelect.ProposalsMax)) + Line(A)), Token);
        Assert.Equal(MultistreamVerdict.TooManyProposals, (await MultistreamSelect.ListenAsync(pair.Right, s_both, Token)).Verdict);
    }

    [Theory]
    [InlineData("\u0005/a/1\n", MultistreamVerdict.Malformed)]                    // no header
    [InlineData("\u0013/multistream/2.0.0\n", MultistreamVerdict.Malformed)]
    [InlineData(Header + "\u0005/a/1 ", MultistreamVerdict.Malformed)]           // no line feed
    [InlineData(Header + "\u0000", MultistreamVerdict.Malformed)]
    [InlineData(Header + "\u0085\u0000/a/1\n", MultistreamVerdict.Malformed)]    // a length in a longer form
    [InlineData(Header + "\u0081\u0008", MultistreamVerdict.LineTooLong)]        // 1,025
    [InlineData(Header + "\u00ff\u00ff\u00ff\u00ff\u000f", MultistreamVerdict.LineTooLong)]
    [InlineData("GET / HTTP/1.1\r\nHost: example.com and some more bytes to fill the line\r\n\r\n", MultistreamVerdict.Malformed)]
    public async Task Listener_hearing_something_else_ends_with_a_verdict(string text, MultistreamVerdict expected)
    {
        InMemoryDuplex pair = new();
        await pair.Left.WriteAsync(Encoding.Latin1.GetBytes(text), Token);
        Assert.Equal(new(expected, null), await MultistreamSelect.ListenAsync(pair.Right, s_both, Token));
    }

    [Fact]
    public async Task Line_of_the_longest_size_is_read()
    {
        string name = "/" + new string('x', MultistreamSelect.LineSizeMax - 2);
        InMemoryDuplex pair = new();
        Task<MultistreamResult> listening = MultistreamSelect.ListenAsync(pair.Right, new HashSet<string> { name }, Token).AsTask();
        Assert.Equal(new(MultistreamVerdict.Selected, name), await MultistreamSelect.DialAsync(pair.Left, [name], Token));
        Assert.Equal(new(MultistreamVerdict.Selected, name), await listening);
    }

    [Fact]
    public async Task Listener_cut_off_anywhere_ends_with_closed()
    {
        byte[] text = Bytes(Header + Line("/x/1") + Line(B));
        for (int size = 0; size < text.Length; size++)
        {
            InMemoryDuplex pair = new();
            await pair.Left.WriteAsync(text.AsMemory(0, size), Token);
            pair.Left.CloseWrite();
            Assert.Equal(new(MultistreamVerdict.Closed, null), await MultistreamSelect.ListenAsync(pair.Right, s_both, Token));
        }
    }

    [Fact]
    public async Task Random_bytes_end_in_a_verdict()
    {
        Random random = Seeds.Create(20);
        for (int i = 0; i < 2_000; i++)
        {
            byte[] bytes = [.. Bytes(i % 2 == 0 ? Header : ""), .. random.NextBytes(random.Next(200))];
            InMemoryDuplex pair = new();
            await pair.Left.WriteAsync(bytes, Token);
            pair.Left.CloseWrite();
            Assert.False((await MultistreamSelect.ListenAsync(pair.Right, s_both, Token)).IsSelected);
        }
    }

    [Fact]
    public async Task Stream_closed_by_its_owner_is_a_verdict()
    {
        MemoryStream closed = new();
        closed.Dispose();
        Assert.Equal(MultistreamVerdict.Closed, (await MultistreamSelect.DialAsync(closed, [A], Token)).Verdict);
        Assert.Equal(MultistreamVerdict.Closed, (await MultistreamSelect.ListenAsync(closed, s_both, Token)).Verdict);
    }

    [Fact]
    public async Task Cancellation_of_a_silent_peer_passes_through()
    {
        using CancellationTokenSource source = new();
        InMemoryDuplex pair = new();
        Task<MultistreamResult> dialling = MultistreamSelect.DialAsync(pair.Left, [A], source.Token).AsTask();
        Task<MultistreamResult> listening = MultistreamSelect.ListenAsync(new InMemoryDuplex().Left, s_both, source.Token).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dialling);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listening);
    }

    [Fact]
    public async Task Proposals_that_cannot_be_made_are_bugs_and_throw()
    {
        InMemoryDuplex pair = new();
        await Assert.ThrowsAsync<ArgumentException>(() => MultistreamSelect.DialAsync(pair.Left, [], Token).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => MultistreamSelect.DialAsync(pair.Left, [.. Enumerable.Repeat(A, 65)], Token).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => MultistreamSelect.DialAsync(pair.Left, ["/é"], Token).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => MultistreamSelect.DialAsync(pair.Left, [new string('x', 1_024)], Token).AsTask());
    }

    private static string Line(string text) => (char)(text.Length + 1) + text + "\n";

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    private static async Task<string> ReadAsync(Stream stream, int size)
    {
        byte[] bytes = new byte[size];
        await stream.ReadExactlyAsync(bytes, Token);
        return Encoding.Latin1.GetString(bytes);
    }
}
