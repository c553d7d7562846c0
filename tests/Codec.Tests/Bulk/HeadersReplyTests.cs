using OpSync.Codec.Bulk;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Codec.Samples;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Codec.Tests.Bulk;

public class HeadersReplyTests
{
    private const int Top = 12;
    private static readonly SampleChain Chain = new(new SampleChainOptions { Profile = SampleProfile.Small });
    private static readonly SampleBlock[] Blocks = [Chain.Genesis, .. Chain.Blocks(20)];
    private static readonly HeadersRequest Request = new(Top, Blocks[Top].Facts.Hash, 5, 1 << 20);

    [Fact]
    public void Headers_of_stored_blocks_hash_to_their_blocks_and_link()
    {
        byte[] answer = Answer(Top, 5, BulkEnd.Complete);

        Assert.Equal(BulkFault.None, HeadersReply.Read(answer, Request, out HeadersReply? reply));

        Assert.Equal(BulkCode.Success, reply!.Code);
        Assert.Equal(BulkEnd.Complete, reply.End);
        Assert.Equal(Enumerable.Range(0, 5).Select(i => Blocks[Top - i].Facts.Hash), reply.Hashes);
        Assert.Equal(Blocks[Top - 4].Facts.ParentHash, reply.BottomParent);
    }

    [Theory]
    [InlineData(BulkEnd.Capped)]
    [InlineData(BulkEnd.NotFound)]
    [InlineData(BulkEnd.RateLimited)]
    [InlineData(BulkEnd.Failed)]
    public void Fewer_than_asked_is_legal_and_says_why(BulkEnd end)
    {
        byte[] answer = Answer(Top, 2, end, TimeSpan.FromMilliseconds(1_500));

        Assert.Equal(BulkFault.None, HeadersReply.Read(answer, Request, out HeadersReply? reply));

        Assert.Equal(2, reply!.Hashes.Length);
        Assert.Equal(end, reply.End);
        Assert.Equal(TimeSpan.FromMilliseconds(1_500), reply.RetryAfter);
    }

    [Fact]
    public void Every_truncation_is_a_truncation()
    {
        byte[] answer = Answer(Top, 5, BulkEnd.Complete);
        for (int length = 0; length < answer.Length; length++)
        {
            BulkFault fault = HeadersReply.Read(answer.AsSpan(0, length), Request, out HeadersReply? reply);
            Assert.Equal(BulkFault.Truncated, fault);
            Assert.False(fault.IsMalformed());
            Assert.Null(reply);
        }
    }

    [Fact]
    public void Every_changed_byte_of_a_header_is_found_when_the_first_hash_is_known()
    {
        byte[] answer = Answer(Top, 2, BulkEnd.Complete);
        for (int at = 0; at < answer.Length - BulkProtocols.EndSize - 2; at++)
        {
            byte[] changed = [.. answer];
            changed[at] ^= 0x10;
            BulkFault fault = HeadersReply.Read(changed, Request, out HeadersReply? reply);
            Assert.True(fault != BulkFault.None || reply!.Code != BulkCode.Success, $"A change at byte {at} was not found.");
        }
    }

    [Fact]
    public void Random_mutations_end_in_a_verdict_and_never_in_other_hashes()
    {
        byte[] answer = Answer(Top, 5, BulkEnd.Complete);
        Random random = Seeds.Create(0x4ead);
        Hash32[] right = [.. Enumerable.Range(0, 5).Select(i => Blocks[Top - i].Facts.Hash)];
        for (int round = 0; round < 5_000; round++)
        {
            byte[] changed = [.. answer, .. random.NextBytes(random.Next(3))];
            for (int i = random.Next(1, 4); i > 0; i--) changed[random.Next(changed.Length)] = (byte)random.Next(256);
            if (HeadersReply.Read(changed, Request, out HeadersReply? reply) != BulkFault.None || reply!.Code != BulkCode.Success) continue;
            Assert.Equal(right.Take(reply.Hashes.Length), reply.Hashes);
        }
    }

    [Fact]
    public void Headers_beyond_the_request_and_bytes_behind_the_end_are_malformed()
    {
        Assert.Equal(BulkFault.TooMany, HeadersReply.Read(Answer(Top, 6, BulkEnd.Complete), Request, out _));
        Assert.Equal(BulkFault.TrailingBytes, HeadersReply.Read([.. Answer(Top, 5, BulkEnd.Complete), 0], Request, out _));
        Assert.Equal(BulkFault.Senseless, HeadersReply.Read(Answer(Top, 0, BulkEnd.NotFound), Request, out _));
    }

    [Fact]
    public void Headers_of_another_height_or_another_chain_are_malformed()
    {
        Assert.Equal(BulkFault.WrongNumber, HeadersReply.Read(Answer(Top - 1, 5, BulkEnd.Complete), Request with { Hash = null }, out _));
        Assert.Equal(BulkFault.WrongHash, HeadersReply.Read(Answer(Top, 5, BulkEnd.Complete), Request with { Hash = Blocks[3].Facts.Hash }, out _));

        SampleBlock[] other = [Chain.Genesis, .. new SampleChain(new SampleChainOptions { Profile = SampleProfile.Small, SplitAt = 11, SplitSeed = 7 }).Blocks(20)];
        byte[] broken = Answer([Blocks[Top], other[Top - 1]], BulkEnd.Complete);
        Assert.Equal(BulkFault.WrongHash, HeadersReply.Read(broken, Request, out _));
    }

    [Theory]
    [InlineData(BulkCode.NotFound, 0)]
    [InlineData(BulkCode.InvalidRequest, 0)]
    [InlineData(BulkCode.Failed, 0)]
    [InlineData(BulkCode.RateLimited, 2_500)]
    [InlineData(BulkCode.RateLimited, 900_000)]
    public void Refusal_carries_the_time_to_come_back_within_a_minute(BulkCode code, int milliseconds)
    {
        byte[] answer = BulkAnswer.Refuse(code, TimeSpan.FromMilliseconds(milliseconds));

        Assert.Equal(BulkFault.None, HeadersReply.Read(answer, Request, out HeadersReply? reply));
        Assert.Equal(code, reply!.Code);
        Assert.Equal(TimeSpan.FromMilliseconds(Math.Min(milliseconds, 60_000)), reply.RetryAfter);
        Assert.Empty(reply.Hashes);
        Assert.Equal(BulkFault.TrailingBytes, HeadersReply.Read([.. answer, 1], Request, out _));
        Assert.Equal(BulkFault.BadCode, HeadersReply.Read([200, .. answer], Request, out _));
    }

    [Fact]
    public void Request_survives_the_wire_and_senseless_ones_do_not()
    {
        byte[] bytes = new byte[HeadersRequest.Size];
        foreach (HeadersRequest request in new[] { Request, Request with { Hash = null }, new(ulong.MaxValue, null, HeadersRequest.CountMax, int.MaxValue) })
        {
            request.Write(bytes);
            Assert.True(HeadersRequest.TryRead(bytes, out HeadersRequest read));
            Assert.Equal(request, read);
        }

        Assert.False(HeadersRequest.TryRead(bytes.AsSpan(1), out _));
        foreach (HeadersRequest senseless in new[] { Request with { Count = 0 }, Request with { Count = HeadersRequest.CountMax + 1 }, Request with { BytesMax = -1 } })
        {
            senseless.Write(bytes);
            Assert.False(HeadersRequest.TryRead(bytes, out _));
        }
    }

    [Fact]
    public void Damaged_stored_block_has_no_header()
    {
        HeaderExtractor extractor = new(Chain.Spec);
        byte[] wire = Blocks[5].ToWire(), header = new byte[BlockHeaderView.SizeMax];
        Assert.True(extractor.Extract(wire, Blocks[5].Facts.Id, header) > 0);

        Assert.Equal(0, extractor.Extract(wire, Blocks[6].Facts.Id, header));
        Assert.Equal(0, extractor.Extract(wire.AsSpan(0, 3), Blocks[5].Facts.Id, header));
        wire[wire.Length / 2] ^= 1;
        Assert.Equal(0, extractor.Extract(wire, Blocks[5].Facts.Id, header));
    }

    private static byte[] Answer(int top, int count, BulkEnd end, TimeSpan retryAfter = default) =>
        Answer([.. Enumerable.Range(0, count).Select(i => Blocks[top - i])], end, retryAfter);

    private static byte[] Answer(SampleBlock[] blocks, BulkEnd end, TimeSpan retryAfter = default)
    {
        HeaderExtractor extractor = new(Chain.Spec);
        byte[] target = new byte[HeadersWriter.SizeMax(blocks.Length)];
        HeadersWriter writer = new(target);
        foreach (SampleBlock block in blocks) writer.Commit(extractor.Extract(block.ToWire(), block.Facts.Id, writer.Next));
        writer.End(end, retryAfter);
        return target[..writer.Written];
    }
}
