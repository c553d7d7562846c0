using System.Buffers.Binary;
using OpSync.Codec.Keccak;
using OpSync.Codec.Primitives;
using OpSync.Codec.Snappy;

namespace OpSync.Codec.OpStack;

/// <summary>Checks responses of payload_by_number completely: result code, version, snappy, SSZ, number, fork, block hash.
/// What it accepts is the block with the hash it reports; whether that block is on the chain is for others to find.</summary>
/// <remarks>Owned by one thread. Holds a buffer of <see cref="PayloadByNumber.SizeMax"/> bytes, of which the operating system
/// backs only what the largest block so far has touched.</remarks>
/// <param name="chain">The chain that blocks have to be of.</param>
/// <param name="acceptVersion2">Also takes the version number 2, which the written spec gives to Isthmus payloads. op-node
/// neither writes nor reads it.</param>
/// <param name="backend">Instructions to hash with.</param>
public sealed class PayloadResponseReader(
    ChainSpec chain, bool acceptVersion2 = false, KeccakBackend backend = KeccakBackend.Auto)
{
    private const uint BareVersion = 0;
    private const uint EnvelopeVersion = 1;
    private const uint IsthmusVersion = 2;

    private readonly byte[] _scratch = GC.AllocateUninitializedArray<byte>(PayloadByNumber.SizeMax);
    private int _length;
    private PayloadVersion _version;
    private bool _isOurFraming;

    /// <summary>SSZ of the last block, envelope included; empty when it was not accepted. Valid until the next read.</summary>
    public ReadOnlySpan<byte> Ssz => _scratch.AsSpan(0, _length);

    /// <summary>Checks a response.</summary>
    /// <param name="response">All bytes of the stream, from the result code on.</param>
    /// <param name="number">The number that was asked for.</param>
    /// <param name="facts">What is known of the block, when there is no fault.</param>
    /// <remarks>
    /// The layout follows from the time that a block of this number has on the chain, as in op-node, and neither the version
    /// on the wire nor the timestamp in the payload may belong to another layout. On a chain whose block time changed this
    /// needs the changes in the <see cref="ChainSpec"/>. To take the payload's own timestamp alone would do without them, but
    /// would let a peer choose by which rules its bytes are read.
    /// </remarks>
    public PayloadFault Read(ReadOnlySpan<byte> response, ulong number, out BlockFacts facts)
    {
        _length = 0;
        facts = default;

        // Some servers send more than the one byte of a refusal.
        if (response.IsEmpty) return PayloadFault.Empty;
        switch ((ResultCode)response[0])
        {
            case ResultCode.Success: break;
            case ResultCode.NotFound: return PayloadFault.NotFound;
            case ResultCode.InvalidRequest: return PayloadFault.InvalidRequest;
            default: return PayloadFault.ServerError;
        }

        if (response.Length > PayloadByNumber.SizeMax) return PayloadFault.TooLarge;
        if (response.Length < PayloadByNumber.ResponseHeaderSize) return PayloadFault.Truncated;

        _version = chain.VersionAt(chain.TimestampOf(number));
        uint wireVersion = BinaryPrimitives.ReadUInt32LittleEndian(response[1..]);
        PayloadFault fault = CheckWireVersion(wireVersion);
        if (fault != PayloadFault.None) return fault;

        fault = Decompress(response, out int length, out bool hasOptionalChunks);
        if (fault != PayloadFault.None) return fault;

        fault = ReadBlock(_scratch.AsSpan(0, length), number, out facts);
        if (fault != PayloadFault.None) return IsCutBetweenChunks(fault, length) ? PayloadFault.Truncated : fault;

        _length = length;
        _isOurFraming = !hasOptionalChunks
            && wireVersion == _version.ToWire()
            && response.Length <= PayloadResponse.EncodedSizeMax(length);
        return PayloadFault.None;
    }

    /// <summary>True if the last response held a block and may be kept and served as it is.</summary>
    public bool CanKeep => _length > 0 && _isOurFraming;

    /// <summary>The last accepted block as a response, in an array of exact size to keep and to serve.</summary>
    /// <param name="response">The bytes that were read.</param>
    /// <returns>The same bytes, unless they contain what snappy does not need or are larger than our own encoding can get:
    /// nobody else decides what we store and send.</returns>
    /// <exception cref="InvalidOperationException">The last read did not accept a block.</exception>
    public byte[] ToWire(ReadOnlySpan<byte> response)
    {
        if (_length == 0) throw new InvalidOperationException("No block was accepted.");
        return _isOurFraming ? response.ToArray() : PayloadResponse.Encode(Ssz, _version);
    }

    private PayloadFault CheckWireVersion(uint wireVersion) => wireVersion switch
    {
        BareVersion or EnvelopeVersion => wireVersion == _version.ToWire() ? PayloadFault.None : PayloadFault.WrongFork,
        IsthmusVersion when acceptVersion2 => _version == PayloadVersion.V4 ? PayloadFault.None : PayloadFault.WrongFork,
        _ => PayloadFault.UnknownVersion,
    };

    private PayloadFault Decompress(ReadOnlySpan<byte> response, out int length, out bool hasOptionalChunks)
    {
        SnappyFault fault = SnappyFraming.Decode(
            response[PayloadByNumber.ResponseHeaderSize..], _scratch, out length, out FramingFacts framing);
        hasOptionalChunks = framing.HasOptionalChunks;
        return fault switch
        {
            SnappyFault.None => PayloadFault.None,
            SnappyFault.Truncated => PayloadFault.Truncated,
            SnappyFault.TooLarge => PayloadFault.TooLarge,
            _ => PayloadFault.BadSnappy,
        };
    }

    private PayloadFault ReadBlock(ReadOnlySpan<byte> ssz, ulong number, out BlockFacts facts)
    {
        facts = default;
        PayloadFault fault = ExecutionPayloadView.Read(ssz, _version, out ExecutionPayloadView payload);
        if (fault != PayloadFault.None) return fault;
        if (payload.BlockNumber != number) return PayloadFault.WrongNumber;
        if (chain.VersionAt(payload.Timestamp) != _version) return PayloadFault.WrongFork;
        if (payload.Transactions.ContainsEmpty()) return PayloadFault.EmptyTransaction;

        Hash32 hash = payload.ComputeBlockHash(backend);
        if (hash != payload.BlockHash) return PayloadFault.WrongHash;

        facts = new BlockFacts(
            number, hash, payload.ParentHash, payload.Timestamp, _version, ssz.Length, payload.Transactions.Count);
        return PayloadFault.None;
    }

    /// <summary>A stream that ends between two chunks is a whole stream of less content. The encoders of op-node and of this
    /// codec fill every chunk but the last one, so such a cut is told by the size. Only faults that a missing end can bring
    /// about are excused by it: from version 2 on the withdrawals offset shows it before the hash does.</summary>
    private bool IsCutBetweenChunks(PayloadFault fault, int length) => length % SnappyFraming.ChunkContentMax == 0 && fault switch
    {
        PayloadFault.TooShort => true,
        PayloadFault.BadTransactionsOffset or PayloadFault.BadTransactions or PayloadFault.BadWithdrawalsOffset => true,
        PayloadFault.EmptyTransaction or PayloadFault.WrongHash => _version == PayloadVersion.V1,
        _ => false,
    };
}
