using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;

namespace OpSync.Codec.Samples;

/// <summary>Makes the blocks of a sample chain one after the other, from block 0 on. Not safe for two threads.</summary>
internal sealed class SampleBlockWriter
{
    /// <summary>L2 blocks per L1 block.</summary>
    private const ulong BlocksPerOrigin = 6;

    private const ulong L1BlockSeconds = 12;

    // A transaction's share of the block is drawn from 1 to this.
    private const int ShareMax = 1_000;

    private readonly SampleChainOptions _options;
    private readonly PayloadVersion _version;
    private readonly int _sszTarget;
    private readonly int _transactionCount;
    private readonly byte[] _bytes;
    private readonly int[] _shares;
    private readonly ExecutionPayload _payload = new();
    private Hash32 _parent;
    private ulong _number;

    public SampleBlockWriter(SampleChainOptions options)
    {
        _options = options;
        _version = ForkSchedule.FromGenesis(options.Fork).VersionAt(SampleChain.GenesisTime);
        (_sszTarget, _transactionCount) = options.Profile switch
        {
            SampleProfile.Default => (30_000, 60),
            SampleProfile.Small => (1_000, 2),
            SampleProfile.Huge => (1_000_000, 500),
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Profile, "No profile."),
        };
        _bytes = new byte[SampleTransactions.DepositSizeMax + _sszTarget + _transactionCount * SampleTransactions.TransferOverheadMax];
        _shares = new int[_transactionCount];
        _payload.ExtraData = options.Fork switch
        {
            >= Fork.Jovian => new byte[] { 1, 0, 0, 0, 250, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0 },
            >= Fork.Holocene => new byte[] { 0, 0, 0, 0, 250, 0, 0, 0, 6 },
            _ => default,
        };
    }

    /// <summary>The next block.</summary>
    public SampleBlock Next()
    {
        SampleRandom random = new(_options.SplitAt <= _number ? _options.SplitSeed : _options.Seed, _number);
        FillHeader(ref random);
        _payload.Transactions.Clear();
        if (_number > 0) FillTransactions(ref random);

        byte[] ssz = _payload.ToSsz(_version);
        ExecutionPayloadView.Read(ssz, _version, out ExecutionPayloadView view);
        Hash32 hash = view.ComputeBlockHash();
        hash.CopyTo(ssz.AsSpan(PayloadLayout.PrefixSize(_version) + PayloadLayout.BlockHash));

        BlockFacts facts = new(_number, hash, _parent, view.Timestamp, _version, ssz.Length, view.Transactions.Count);
        _parent = hash;
        _number++;
        return new SampleBlock(facts, ssz);
    }

    /// <summary>Hash of an L1 block. L1 does not follow the split of an L2 chain.</summary>
    public static Hash32 L1Hash(ulong seed, ulong number)
    {
        SampleRandom random = new(~seed, number);
        return NextHash(ref random);
    }

    private static Hash32 NextHash(ref SampleRandom random)
    {
        Span<byte> bytes = stackalloc byte[Hash32.Size];
        random.Fill(bytes);
        return new Hash32(bytes);
    }

    private void FillHeader(ref SampleRandom random)
    {
        _payload.ParentHash = _parent;
        _payload.StateRoot = NextHash(ref random);
        _payload.ReceiptsRoot = NextHash(ref random);
        _payload.PrevRandao = NextHash(ref random);
        _payload.ParentBeaconBlockRoot = NextHash(ref random);
        _payload.WithdrawalsRoot = NextHash(ref random);
        random.Fill(_payload.LogsBloom);
        _payload.BlockNumber = _number;
        _payload.Timestamp = SampleChain.GenesisTime + _number * SampleChain.BlockSeconds;
        _payload.GasLimit = 60_000_000;
        _payload.GasUsed = 21_000 * (ulong)_transactionCount;
        _payload.BaseFeePerGas = random.Next() >> 40;
        _payload.BlobGasUsed = _options.Fork >= Fork.Jovian ? random.Next() >> 44 : 0;
    }

    private void FillTransactions(ref SampleRandom random)
    {
        ulong l1Number = SampleChain.L1GenesisNumber + _number / BlocksPerOrigin;
        L1Attributes attributes = new(new BlockId(l1Number, L1Hash(_options.Seed, l1Number)), _number % BlocksPerOrigin);
        ulong l1Time = SampleChain.GenesisTime + _number / BlocksPerOrigin * L1BlockSeconds;
        int written = SampleTransactions.WriteDeposit(_options.Fork, attributes, l1Time, NextHash(ref random), _bytes);
        _payload.Transactions.Add(_bytes.AsMemory(0, written));

        int sharesLeft = 0;
        for (int i = 1; i < _transactionCount; i++) sharesLeft += _shares[i] = 1 + random.Next(ShareMax);
        int bytesLeft = _sszTarget - _payload.GetSszSize(_version) - PayloadLayout.OffsetSize * (_transactionCount - 1);
        for (int i = 1; i < _transactionCount; i++)
        {
            int size = (int)((long)bytesLeft * _shares[i] / sharesLeft);
            size = SampleTransactions.WriteTransfer(ref random, _options.ChainId, size, _bytes.AsSpan(written));
            _payload.Transactions.Add(_bytes.AsMemory(written, size));
            written += size;
            bytesLeft = Math.Max(0, bytesLeft - size);
            sharesLeft -= _shares[i];
        }
    }
}
