using System.Buffers.Binary;
using System.Globalization;

namespace OpSync.Codec.OpStack;

/// <summary>The protocol payload_by_number: a stream carries one block number one way and one block back (op-node
/// p2p/sync.go; OP Stack rollup-node-p2p spec).</summary>
public static class PayloadByNumber
{
    /// <summary>A request in bytes: the block number, little-endian. The client then closes its side.</summary>
    public const int RequestSize = 8;

    /// <summary>Result code and version before the snappy stream of a success response, in bytes.</summary>
    public const int ResponseHeaderSize = 5;

    /// <summary>Limit of a response in bytes from the result code on, and again of the SSZ in it: 10 MiB.</summary>
    public const int SizeMax = 10 * 1_048_576;

    /// <summary>The id that op-node registers, and the one to offer first.</summary>
    public static string ProtocolId(ulong chainId) =>
        string.Create(CultureInfo.InvariantCulture, $"/opstack/req/payload_by_number/{chainId}/0");

    /// <summary>The id as the written spec has it, with a slash at the end. Some implementations know only this one.</summary>
    public static string ProtocolIdOfSpec(ulong chainId) => ProtocolId(chainId) + "/";

    /// <summary>Writes a request of <see cref="RequestSize"/> bytes.</summary>
    public static void WriteRequest(ulong number, Span<byte> target) => BinaryPrimitives.WriteUInt64LittleEndian(target, number);

    /// <summary>Reads a request. What follows its bytes is not looked at, as in op-node.</summary>
    /// <returns>False when it is shorter than <see cref="RequestSize"/>.</returns>
    public static bool TryReadRequest(ReadOnlySpan<byte> source, out ulong number) =>
        BinaryPrimitives.TryReadUInt64LittleEndian(source, out number);
}
