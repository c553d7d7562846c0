using OpSync.Codec.OpStack;
using OpSync.Codec.Samples;
using OpSync.Codec.Snappy;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Codec.Tests.OpStack;

public class PayloadResponseReaderTests
{
    private static readonly SampleChain Chain = new(new SampleChainOptions { Profile = SampleProfile.Small });
    private static readonly SampleBlock Block = Chain.Blocks(3).Last();
    private static readonly byte[] Response = Block.ToWire();

    [Theory]
    [InlineData(new byte[] { }, PayloadFault.Empty, PayloadFaultKind.CutShort)]
    [InlineData(new byte[] { 1 }, PayloadFault.NotFound, PayloadFaultKind.Refused)]
    [InlineData(new byte[] { 1, 0 }, PayloadFault.NotFound, PayloadFaultKind.Refused)]
    [InlineData(new byte[] { 2 }, PayloadFault.InvalidRequest, PayloadFaultKind.Refused)]
    [InlineData(new byte[] { 3 }, PayloadFault.ServerError, PayloadFaultKind.Refused)]
    [InlineData(new byte[] { 4 }, PayloadFault.ServerError, PayloadFaultKind.Refused)]
    [InlineData(new byte[] { 255, 1, 2, 3 }, PayloadFault.ServerError, PayloadFaultKind.Refused)]
    [InlineData(new byte[] { 0 }, PayloadFault.Truncated, PayloadFaultKind.CutShort)]
    [InlineData(new byte[] { 0, 1, 0, 0 }, PayloadFault.Truncated, PayloadFaultKind.CutShort)]
    [InlineData(new byte[] { 0, 1, 0, 0, 0 }, PayloadFault.Truncated, PayloadFaultKind.CutShort)]
    [InlineData(new byte[] { 0, 1, 0, 0, 0, 1, 2, 3 }, PayloadFault.BadSnappy, PayloadFaultKind.Malformed)]
    public void Short_answer_is_judged(byte[] response, PayloadFault fault, PayloadFaultKind kind)
    {
        Assert.Equal(fault, new PayloadResponseReader(Chain.Spec).Read(response, 3, out _));
        Assert.Equal(kind, fault.Kind());
        Assert.Equal(kind == PayloadFaultKind.Malformed, fault.IsMalformed());
        Assert.Equal(kind == PayloadFaultKind.Refused, fault.IsRefusal());
    }

    [Fact]
    public void Every_fault_has_a_kind_and_only_none_is_none()
    {
        foreach (PayloadFault fault in Enum.GetValues<PayloadFault>())
            Assert.Equal(fault == PayloadFault.None, fault.Kind() == PayloadFaultKind.None);
    }

    [Theory]
    [InlineData(0, false, PayloadFault.WrongFork)]
    [InlineData(1, false, PayloadFault.None)]
    [InlineData(2, false, PayloadFault.UnknownVersion)]
    [InlineData(2, true, PayloadFault.None)]
    [InlineData(3, true, PayloadFault.UnknownVersion)]
    public void Version_on_the_wire_must_fit_an_isthmus_block(byte version, bool acceptVersion2, PayloadFault expected)
    {
        byte[] response = [.. Response];
        response[1] = version;
        PayloadResponseReader reader = new(Chain.Spec, acceptVersion2);
        Assert.Equal(expected, reader.Read(response, 3, out _));

        // Whoever asks us gets what op-node would send.
        if (expected == PayloadFault.None) Assert.Equal(Response, reader.ToWire(response));
    }

    [Fact]
    public void Version_2_is_refused_before_isthmus_even_when_it_is_accepted()
    {
        SampleChain chain = new(new SampleChainOptions { Profile = SampleProfile.Small, Fork = Fork.Holocene });
        byte[] response = chain.Blocks(1).Single().ToWire();
        PayloadResponseReader reader = new(chain.Spec, acceptVersion2: true);
        Assert.Equal(PayloadFault.None, reader.Read(response, 1, out _));
        response[1] = 2;
        Assert.Equal(PayloadFault.WrongFork, reader.Read(response, 1, out _));
    }

    [Fact]
    public void Timestamp_of_another_fork_is_refused_though_the_hash_is_right()
    {
        // Canyon begins at block 10: block 9 may not carry its time.
        Assert.True(ForkSchedule.TryCreate([0, 0, 120], out ForkSchedule? forks, out _));
        ChainSpec chain = new(1, default, 100, default, forks, new BlockTime(0, 2_000));
        PayloadResponseReader reader = new(chain);
        Assert.Equal(PayloadFault.None, Read(9, 118));
        Assert.Equal(PayloadFault.None, Read(9, 119));
        Assert.Equal(PayloadFault.WrongFork, Read(9, 120));

        PayloadFault Read(ulong number, ulong timestamp)
        {
            ExecutionPayload payload = new() { BlockNumber = number, Timestamp = timestamp };
            payload.BlockHash = payload.ComputeBlockHash(PayloadVersion.V1);
            return reader.Read(PayloadResponse.Encode(payload.ToSsz(PayloadVersion.V1), PayloadVersion.V1), number, out _);
        }
    }

    [Fact]
    public void Layout_follows_a_changed_block_time()
    {
        Assert.True(ForkSchedule.TryCreate([0, 0, 120], out ForkSchedule? forks, out _));
        ChainSpec chain = new(1, default, 100, default, forks, new BlockTime(0, 1_000), new BlockTime(10, 500));
        ExecutionPayload payload = new() { BlockNumber = 29, Timestamp = 119 };
        payload.BlockHash = payload.ComputeBlockHash(PayloadVersion.V1);
        byte[] response = PayloadResponse.Encode(payload.ToSsz(PayloadVersion.V1), PayloadVersion.V1);
        Assert.Equal(PayloadFault.None, new PayloadResponseReader(chain).Read(response, 29, out _));
    }

    [Fact]
    public void Empty_transaction_is_refused_though_the_hash_is_right()
    {
        foreach (int empty in new[] { 0, 1, 2 })
        {
            ExecutionPayload payload = ExecutionPayload.From(View(Block));
            for (int i = 0; i < 3; i++) payload.Transactions.Insert(0, i == empty ? default : new byte[] { 1 });
            Assert.Equal(PayloadFault.EmptyTransaction, Reread(payload));
        }

        ExecutionPayload last = ExecutionPayload.From(View(Block));
        last.Transactions.Add(default);
        Assert.Equal(PayloadFault.EmptyTransaction, Reread(last));

        static PayloadFault Reread(ExecutionPayload payload)
        {
            payload.BlockHash = payload.ComputeBlockHash(PayloadVersion.V4);
            byte[] response = PayloadResponse.Encode(payload.ToSsz(PayloadVersion.V4), PayloadVersion.V4);
            return new PayloadResponseReader(Chain.Spec).Read(response, 3, out _);
        }
    }

    [Fact]
    public void Withdrawal_behind_a_right_block_is_refused()
    {
        byte[] response = PayloadResponse.Encode([.. Block.Ssz, .. new byte[44]], PayloadVersion.V4);
        Assert.Equal(PayloadFault.HasWithdrawals, new PayloadResponseReader(Chain.Spec).Read(response, 3, out _));
    }

    [Fact]
    public void Changed_content_is_a_wrong_hash()
    {
        byte[] ssz = [.. Block.Ssz];
        ssz[^1] ^= 1;
        byte[] response = PayloadResponse.Encode(ssz, PayloadVersion.V4);
        PayloadResponseReader reader = new(Chain.Spec);
        Assert.Equal(PayloadFault.WrongHash, reader.Read(response, 3, out BlockFacts facts));
        Assert.Equal(default, facts);
        Assert.Throws<InvalidOperationException>(() => reader.ToWire(response));
    }

    [Fact]
    public void Framing_with_skippable_chunks_is_accepted_and_not_kept()
    {
        byte[] skippable = [0x80, 3, 0, 0, 1, 2, 3];
        byte[] response = [.. Response, .. skippable];
        PayloadResponseReader reader = new(Chain.Spec);
        Assert.Equal(PayloadFault.None, reader.Read(response, 3, out _));
        Assert.Equal(Response, reader.ToWire(response));
    }

    [Fact]
    public void Framing_in_tiny_chunks_is_accepted_and_not_kept()
    {
        List<byte> response = [0, 1, 0, 0, 0, 0xff, 6, 0, 0, .. "sNaPpY"u8];
        for (int i = 0; i < Block.Ssz.Length; i += 10)
        {
            byte[] piece = new byte[SnappyFraming.EncodedSizeMax(10)];
            int size = SnappyFraming.Encode(Block.Ssz.AsSpan(i, Math.Min(10, Block.Ssz.Length - i)), piece);
            response.AddRange(piece.AsSpan(10..size));
        }

        PayloadResponseReader reader = new(Chain.Spec);
        Assert.Equal(PayloadFault.None, reader.Read([.. response], 3, out _));
        Assert.Equal(Response, reader.ToWire([.. response]));
    }

    [Fact]
    public void Response_and_content_may_not_pass_ten_mebibytes()
    {
        PayloadResponseReader reader = new(Chain.Spec);
        Assert.Equal(PayloadFault.TooLarge, reader.Read(new byte[PayloadByNumber.SizeMax + 1], 3, out _));

        byte[] bomb = PayloadResponse.Encode(new byte[PayloadByNumber.SizeMax + 1], PayloadVersion.V4);
        Assert.True(bomb.Length < 1_000_000);
        Assert.Equal(PayloadFault.TooLarge, reader.Read(bomb, 3, out _));
    }

    [Fact]
    public void Answer_cut_between_two_chunks_is_cut_short_not_malformed()
    {
        foreach (Fork fork in new[] { Fork.Regolith, Fork.Canyon, Fork.Isthmus })
        {
            SampleChain chain = new(new SampleChainOptions { Profile = SampleProfile.Huge, Fork = fork });
            SampleBlock block = chain.Blocks(1).Single();
            PayloadResponseReader reader = new(chain.Spec);
            for (int length = 0; length < block.Ssz.Length; length += SnappyFraming.ChunkContentMax)
            {
                byte[] cut = PayloadResponse.Encode(block.Ssz.AsSpan(0, length), block.Facts.Version);
                Assert.Equal(PayloadFault.Truncated, reader.Read(cut, 1, out _));
            }
        }
    }

    [Fact]
    public void Random_bytes_never_pass()
    {
        PayloadResponseReader reader = new(Chain.Spec);
        for (int i = 0; i < 2_000; i++)
        {
            Random random = Seeds.Create(i);
            byte[] ssz = random.NextBytes(random.Next(2_000));
            byte[] response = PayloadResponse.Encode(ssz, PayloadVersion.V4);
            Assert.True(reader.Read(response, 3, out _) is not PayloadFault.None, Seeds.Describe(i));
        }
    }

    [Fact]
    public void Request_is_eight_bytes_little_endian()
    {
        byte[] request = new byte[PayloadByNumber.RequestSize];
        PayloadByNumber.WriteRequest(0x0102030405060708, request);
        Assert.Equal([8, 7, 6, 5, 4, 3, 2, 1], request);
        Assert.True(PayloadByNumber.TryReadRequest(request, out ulong number));
        Assert.Equal(0x0102030405060708ul, number);
        Assert.True(PayloadByNumber.TryReadRequest([.. request, 1, 2], out _));
        for (int length = 0; length < request.Length; length++)
            Assert.False(PayloadByNumber.TryReadRequest(request.AsSpan(0, length), out _));
    }

    [Fact]
    public void Protocol_ids_name_the_chain()
    {
        Assert.Equal("/opstack/req/payload_by_number/10/0", PayloadByNumber.ProtocolId(10));
        Assert.Equal("/opstack/req/payload_by_number/10/0/", PayloadByNumber.ProtocolIdOfSpec(10));
    }

    private static ExecutionPayloadView View(SampleBlock block)
    {
        Assert.Equal(PayloadFault.None, ExecutionPayloadView.Read(block.Ssz, block.Facts.Version, out ExecutionPayloadView view));
        return view;
    }
}
