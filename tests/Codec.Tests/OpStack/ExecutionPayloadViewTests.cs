using System.Buffers.Binary;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using Xunit;

namespace OpSync.Codec.Tests.OpStack;

public class ExecutionPayloadViewTests
{
    private const int ExtraDataOffsetAt = 436, TransactionsOffsetAt = 504, WithdrawalsOffsetAt = 508;

    public static TheoryData<PayloadVersion> Versions => [.. Enum.GetValues<PayloadVersion>()];

    [Theory]
    [MemberData(nameof(Versions))]
    public void Payload_of_every_version_is_read_back_in_every_field(PayloadVersion version)
    {
        ExecutionPayload payload = Example();
        byte[] ssz = payload.ToSsz(version);
        Assert.Equal(PayloadFault.None, ExecutionPayloadView.Read(ssz, version, out ExecutionPayloadView view));

        Assert.Equal(payload.ParentHash, view.ParentHash);
        Assert.Equal(payload.FeeRecipient, view.FeeRecipient);
        Assert.Equal(payload.StateRoot, view.StateRoot);
        Assert.Equal(payload.ReceiptsRoot, view.ReceiptsRoot);
        Assert.Equal(payload.LogsBloom, view.LogsBloom.ToArray());
        Assert.Equal(payload.PrevRandao, view.PrevRandao);
        Assert.Equal(payload.BlockNumber, view.BlockNumber);
        Assert.Equal(payload.GasLimit, view.GasLimit);
        Assert.Equal(payload.GasUsed, view.GasUsed);
        Assert.Equal(payload.Timestamp, view.Timestamp);
        Assert.Equal(payload.ExtraData.ToArray(), view.ExtraData.ToArray());
        Assert.Equal(payload.BaseFeePerGas, view.BaseFeePerGas);
        Assert.Equal(payload.BlockHash, view.BlockHash);
        Assert.Equal(payload.Transactions.Count, view.Transactions.Count);
        for (int i = 0; i < view.Transactions.Count; i++)
            Assert.Equal(payload.Transactions[i].ToArray(), view.Transactions[i].ToArray());
        Assert.Equal(version >= PayloadVersion.V3 ? payload.BlobGasUsed : 0, view.BlobGasUsed);
        Assert.Equal(version >= PayloadVersion.V3 ? payload.ExcessBlobGas : 0, view.ExcessBlobGas);
        Assert.Equal(version >= PayloadVersion.V3 ? payload.ParentBeaconBlockRoot : default, view.ParentBeaconBlockRoot);
        Assert.Equal(version >= PayloadVersion.V4 ? payload.WithdrawalsRoot : default, view.WithdrawalsRoot);
    }

    [Theory]
    [InlineData(PayloadVersion.V1, 508)]
    [InlineData(PayloadVersion.V2, 512)]
    [InlineData(PayloadVersion.V3, 32 + 528)]
    [InlineData(PayloadVersion.V4, 32 + 560)]
    public void Payload_without_content_has_the_fixed_size_and_no_less_is_read(PayloadVersion version, int size)
    {
        byte[] ssz = new ExecutionPayload().ToSsz(version);
        Assert.Equal(size, ssz.Length);
        Assert.Equal(PayloadFault.None, ExecutionPayloadView.Read(ssz, version, out ExecutionPayloadView view));
        Assert.Equal(0, view.Transactions.Count);
        for (int length = 0; length < size; length++)
            Assert.Equal(PayloadFault.TooShort, ExecutionPayloadView.Read(ssz.AsSpan(0, length), version, out _));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Every_truncation_of_a_list_is_a_fault_or_another_block(PayloadVersion version)
    {
        ExecutionPayload payload = Example();
        payload.BlockHash = payload.ComputeBlockHash(version);
        byte[] ssz = payload.ToSsz(version);
        for (int length = 0; length < ssz.Length; length++)
        {
            PayloadFault fault = ExecutionPayloadView.Read(ssz.AsSpan(0, length), version, out ExecutionPayloadView view);
            if (fault == PayloadFault.None) Assert.NotEqual(view.BlockHash, view.ComputeBlockHash());
            Assert.True(fault != PayloadFault.None || version == PayloadVersion.V1, $"{length}");
        }
    }

    [Theory]
    [InlineData(-1, PayloadFault.BadExtraData)]
    [InlineData(+1, PayloadFault.BadExtraData)]
    public void Extra_data_must_start_behind_the_fixed_part(int by, PayloadFault expected) =>
        AssertFault(expected, Example(), PayloadVersion.V4, p => Add(p, ExtraDataOffsetAt, by));

    [Fact]
    public void Extra_data_may_have_32_bytes_and_not_33()
    {
        ExecutionPayload payload = Example();
        payload.ExtraData = new byte[32];
        AssertFault(PayloadFault.None, payload, PayloadVersion.V4, _ => { });
        AssertFault(PayloadFault.BadExtraData, payload, PayloadVersion.V4, p => Add(p, TransactionsOffsetAt, 1));
        payload.ExtraData = new byte[33];
        Assert.Throws<InvalidOperationException>(() => payload.ToSsz(PayloadVersion.V4));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(559u)]
    [InlineData(1_000_000u)]
    [InlineData(uint.MaxValue)]
    public void Transactions_must_start_behind_the_extra_data_and_inside(uint offset) =>
        AssertFault(PayloadFault.BadTransactionsOffset, Example(), PayloadVersion.V4, p => Set(p, TransactionsOffsetAt, offset));

    [Theory]
    [InlineData(0u, PayloadFault.BadWithdrawalsOffset)]
    [InlineData(uint.MaxValue, PayloadFault.BadWithdrawalsOffset)]
    public void Withdrawals_must_start_behind_the_transactions_and_inside(uint offset, PayloadFault expected) =>
        AssertFault(expected, Example(), PayloadVersion.V2, p => Set(p, WithdrawalsOffsetAt, offset));

    [Theory]
    [InlineData(PayloadVersion.V2, 1)]
    [InlineData(PayloadVersion.V2, 44)]
    [InlineData(PayloadVersion.V3, 44)]
    [InlineData(PayloadVersion.V4, 44)]
    [InlineData(PayloadVersion.V4, 17 * 44)]
    public void Withdrawals_are_malformed_even_where_the_hash_does_not_cover_them(PayloadVersion version, int bytes)
    {
        byte[] ssz = [.. Example().ToSsz(version), .. new byte[bytes]];
        Assert.Equal(PayloadFault.HasWithdrawals, ExecutionPayloadView.Read(ssz, version, out _));
    }

    [Theory]
    [InlineData(0, 0u)]           // the list would begin before itself
    [InlineData(0, 13u)]          // not a multiple of four
    [InlineData(0, 1_000u)]       // behind the end
    [InlineData(0, uint.MaxValue - 3)]
    [InlineData(1, 11u)]          // descends
    [InlineData(1, 1_000u)]
    [InlineData(2, 12u)]
    [InlineData(2, uint.MaxValue)]
    public void Transaction_offsets_must_ascend_and_stay_inside(int index, uint offset)
    {
        ExecutionPayload payload = Example();
        int listAt = 560 + payload.ExtraData.Length;
        AssertFault(PayloadFault.BadTransactions, payload, PayloadVersion.V4, p => Set(p, listAt + 4 * index, offset));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Transactions_list_shorter_than_one_offset_is_refused(int bytes)
    {
        byte[] ssz = [.. new ExecutionPayload().ToSsz(PayloadVersion.V1), .. new byte[bytes]];
        Assert.Equal(PayloadFault.BadTransactions, ExecutionPayloadView.Read(ssz, PayloadVersion.V1, out _));
    }

    [Theory]
    [InlineData(1 << 20, PayloadFault.None)]
    [InlineData((1 << 20) + 1, PayloadFault.TooManyTransactions)]
    public void Transactions_may_be_a_million_and_no_more(int count, PayloadFault expected)
    {
        byte[] ssz = [.. new ExecutionPayload().ToSsz(PayloadVersion.V1), .. new byte[4 * count]];
        for (int i = 0; i < count; i++) Set(ssz, 508 + 4 * i, (uint)(4 * count));
        Assert.Equal(expected, ExecutionPayloadView.Read(ssz, PayloadVersion.V1, out _));
    }

    [Fact]
    public void Version_that_does_not_exist_is_a_bug_of_the_caller() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ExecutionPayloadView.Read(new byte[1_000], (PayloadVersion)5, out _));

    private static ExecutionPayload Example() => new()
    {
        ParentHash = Filled(1),
        FeeRecipient = new Address(Filled(2).Bytes[..Address.Size]),
        StateRoot = Filled(3),
        ReceiptsRoot = Filled(4),
        LogsBloom = [.. Enumerable.Range(0, 256).Select(i => (byte)i)],
        PrevRandao = Filled(5),
        BlockNumber = 0x0102030405060708,
        GasLimit = 0x1112131415161718,
        GasUsed = 0x2122232425262728,
        Timestamp = 0x3132333435363738,
        ExtraData = new byte[] { 9, 8, 7 },
        BaseFeePerGas = new UInt256(1, 2, 3, 4),
        BlockHash = Filled(6),
        Transactions = { new byte[] { 1 }, new byte[] { 2, 2, 2 }, new byte[] { 3, 3 } },
        BlobGasUsed = 0x4142434445464748,
        ExcessBlobGas = 0x5152535455565758,
        WithdrawalsRoot = Filled(7),
        ParentBeaconBlockRoot = Filled(8),
    };

    private static Hash32 Filled(byte value)
    {
        byte[] bytes = new byte[Hash32.Size];
        bytes.AsSpan().Fill(value);
        return new Hash32(bytes);
    }

    private static void AssertFault(PayloadFault expected, ExecutionPayload payload, PayloadVersion version, Action<byte[]> change)
    {
        byte[] ssz = payload.ToSsz(version);
        int prefix = version.HasEnvelope() ? 32 : 0;
        byte[] bare = ssz[prefix..];
        change(bare);
        bare.CopyTo(ssz, prefix);
        Assert.Equal(expected, ExecutionPayloadView.Read(ssz, version, out _));
    }

    private static void Set(byte[] bytes, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), value);

    private static void Add(byte[] bytes, int at, int by) =>
        Set(bytes, at, (uint)(BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at)) + by));
}
