using OpSync.Codec.Bulk;
using OpSync.Codec.Samples;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Codec.Tests.Bulk;

public class PayloadsReaderTests
{
    private static readonly SampleChain Chain = new(new SampleChainOptions { Profile = SampleProfile.Small });
    private static readonly SampleBlock[] Blocks = [Chain.Genesis, .. Chain.Blocks(8)];
    private static readonly byte[] Signature = [.. Enumerable.Range(1, PayloadItem.SignatureSize).Select(i => (byte)i)];
    private static readonly PayloadsRequest Request = new(2, 5, 1 << 20);

    [Fact]
    public void Blocks_come_in_order_with_their_signatures()
    {
        PayloadsReader reader = new(Answer(2, 4, BulkEnd.Complete), Request);
        for (ulong number = 2; number <= 5; number++)
        {
            Assert.True(reader.TryRead(out PayloadRead item));
            Assert.Equal(number, item.Number);
            Assert.Equal(Blocks[number].ToWire(), item.Wire.ToArray());
            Assert.Equal(number % 2 == 0 ? Signature : [], item.Signature.ToArray());
        }

        Assert.False(reader.TryRead(out _));
        Assert.Equal((BulkFault.None, BulkEnd.Complete, 4), (reader.Fault, reader.End, reader.Count));
    }

    [Fact]
    public void Partial_answer_says_why_it_ends()
    {
        (BulkFault fault, int count, BulkEnd end, TimeSpan retryAfter) = Read(Answer(2, 2, BulkEnd.RateLimited, TimeSpan.FromSeconds(3)));
        Assert.Equal((BulkFault.None, 2, BulkEnd.RateLimited, TimeSpan.FromSeconds(3)), (fault, count, end, retryAfter));
    }

    [Fact]
    public void Every_truncation_is_a_truncation_and_keeps_the_whole_blocks_before_it()
    {
        byte[] answer = Answer(2, 4, BulkEnd.Complete);
        int before = 0;
        for (int length = 0; length < answer.Length; length++)
        {
            (BulkFault fault, int count, _, _) = Read(answer.AsSpan(0, length));
            Assert.Equal(BulkFault.Truncated, fault);
            Assert.InRange(count, before, before + 1);
            before = count;
        }

        Assert.Equal(4, before);
    }

    [Fact]
    public void Random_mutations_end_in_a_verdict()
    {
        byte[] answer = Answer(2, 4, BulkEnd.Complete);
        Random random = Seeds.Create(0x9a71);
        for (int round = 0; round < 5_000; round++)
        {
            byte[] changed = [.. answer];
            for (int i = random.Next(1, 4); i > 0; i--) changed[random.Next(changed.Length)] = (byte)random.Next(256);
            Assert.InRange(Read(changed).Count, 0, 4);
        }
    }

    [Fact]
    public void Answers_that_break_the_order_are_malformed()
    {
        Assert.Equal(BulkFault.WrongNumber, Read(Answer(3, 2, BulkEnd.Complete)).Fault);
        Assert.Equal(BulkFault.TooMany, Read(Answer(2, 5, BulkEnd.Complete)).Fault);
        Assert.Equal(BulkFault.Senseless, Read(Answer(2, 0, BulkEnd.NotFound)).Fault);
        Assert.Equal(BulkFault.TrailingBytes, Read([.. Answer(2, 4, BulkEnd.Complete), 9]).Fault);
        Assert.Equal(BulkFault.BadCode, Read([77]).Fault);
        byte[] huge = Answer(2, 1, BulkEnd.Complete);
        huge[4] = 0x7f;
        Assert.Equal(BulkFault.TooLarge, Read(huge).Fault);
    }

    [Fact]
    public void Refusal_has_no_blocks()
    {
        PayloadsReader reader = new(BulkAnswer.Refuse(BulkCode.RateLimited, TimeSpan.FromSeconds(1)), Request);
        Assert.False(reader.TryRead(out _));
        Assert.Equal((BulkFault.None, BulkCode.RateLimited, TimeSpan.FromSeconds(1)), (reader.Fault, reader.Code, reader.RetryAfter));
    }

    [Fact]
    public void Request_survives_the_wire_and_senseless_ones_do_not()
    {
        byte[] bytes = new byte[PayloadsRequest.Size];
        Request.Write(bytes);
        Assert.True(PayloadsRequest.TryRead(bytes, out PayloadsRequest read));
        Assert.Equal(Request, read);
        Assert.False(PayloadsRequest.TryRead(bytes.AsSpan(1), out _));
        foreach (PayloadsRequest senseless in new PayloadsRequest[] { new(5, 4, 1), new(0, PayloadsRequest.CountMax, 1), new(0, ulong.MaxValue, 1), new(1, 2, -1) })
        {
            senseless.Write(bytes);
            Assert.False(PayloadsRequest.TryRead(bytes, out _));
        }
    }

    [Fact]
    public void Status_survives_the_wire_and_every_damage_is_a_verdict()
    {
        StatusReply status = new([new HeldSpan(3, 9), new HeldSpan(20, ulong.MaxValue)], 20.5, 40, 16);
        byte[] bytes = status.Write();
        Assert.Equal(BulkFault.None, StatusReply.Read(bytes, out BulkCode code, out StatusReply? read));
        Assert.Equal(BulkCode.Success, code);
        Assert.Equal(status.Held, read!.Held);
        Assert.Equal(status with { Held = read.Held }, read);

        for (int length = 0; length < bytes.Length; length++)
            Assert.Equal(BulkFault.Truncated, StatusReply.Read(bytes.AsSpan(0, length), out _, out _));
        Assert.Equal(BulkFault.TrailingBytes, StatusReply.Read([.. bytes, 0], out _, out _));
        Assert.Equal(BulkFault.Senseless, StatusReply.Read((status with { Held = [new HeldSpan(9, 3)] }).Write(), out _, out _));
        Assert.Equal(BulkFault.Senseless, StatusReply.Read((status with { Held = [new HeldSpan(3, 9), new HeldSpan(9, 12)] }).Write(), out _, out _));
        bytes[17] = 200;
        Assert.Equal(BulkFault.TooMany, StatusReply.Read(bytes, out _, out _));
    }

    private static (BulkFault Fault, int Count, BulkEnd End, TimeSpan RetryAfter) Read(ReadOnlySpan<byte> answer)
    {
        PayloadsReader reader = new(answer, Request);
        while (reader.TryRead(out PayloadRead item)) Assert.False(item.Wire.IsEmpty);
        return (reader.Fault, reader.Count, reader.End, reader.RetryAfter);
    }

    private static byte[] Answer(ulong first, int count, BulkEnd end, TimeSpan retryAfter = default)
    {
        List<byte> answer = [(byte)BulkCode.Success];
        byte[] head = new byte[PayloadItem.HeadSize + PayloadItem.SignatureSize];
        for (ulong number = first; number < first + (ulong)count; number++)
        {
            byte[] wire = Blocks[number].ToWire();
            int length = PayloadItem.WriteHead(head, number, number % 2 == 0 ? Signature : [], wire.Length);
            answer.AddRange([.. head.AsSpan(0, length), .. wire]);
        }

        answer.AddRange(head.AsSpan(0, PayloadItem.WriteEnd(head, end, retryAfter)));
        return [.. answer];
    }
}
