using System.Text;
using OpSync.Codec.Varint;
using OpSync.Fuzz.Kit;
using OpSync.Fuzz.Reference;
using OpSync.Libp2p.Multiaddrs;

namespace OpSync.Fuzz.Targets;

/// <summary>Multiaddrs as bytes.</summary>
internal sealed class MultiaddrBytesTarget : FuzzTarget
{
    private static readonly int[] Codes = [4, 6, 41, 53, 54, 55, 421];

    public override string Name => "multiaddr-bytes";

    public override int SizeMax => 600;

    public override IReadOnlyList<byte[]> Dictionary { get; } =
        [.. Codes.Select(c => Proto.Number((ulong)c)), [0x84, 0x00], [0x06, 0, 80], [4, 1, 2, 3, 4], [54, 1, (byte)'a'], [0xa5, 0x03, 0], [0xcd, 3]];

    public override byte[] Generate(Random random) => Next(random);

    /// <summary>A valid address.</summary>
    public static byte[] Next(Random random)
    {
        Multiaddr.TryParse(MultiaddrTextTarget.Next(random), out Multiaddr? address);
        return address!.ToBytes();
    }

    public override void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
        byte[] bytes = input.ToArray();
        int at = 0;
        while (at < bytes.Length)
        {
            int start = at;
            if (SlowProtobuf.Varint(bytes, ref at) is not { } code) return;
            structure.Cut(start);
            structure.Number(start, at - start, NumberForm.Varint);
            int fixedSize = code switch { 4 => 4, 6 => 2, 41 => 16, _ => 0 };
            start = at;
            if (fixedSize == 0 && SlowProtobuf.Varint(bytes, ref at) is { } length)
            {
                structure.Number(start, at - start, NumberForm.Varint);
                fixedSize = (int)Math.Min(length, 1_000);
            }

            at += fixedSize;
        }

        structure.Cut(bytes.Length);
    }

    public override Verdict Run(byte[] input)
    {
        AllocationBound bound = AllocationBound.Start();
        bool isRead = Multiaddr.TryRead(input, out Multiaddr? address);
        bound.End(32 * 1024);

        FuzzFailure.UnlessEqual(Expect(input), isRead, "slow reader and reader disagree:");
        if (address is null) return Verdict.Of(false, 0, input.Length);
        MultiaddrTextTarget.Check(address);
        FuzzFailure.UnlessSame(input, address.ToBytes(), "written anew it differs:");
        return Verdict.Of(true, 64 + (int)address.HostKind * 4 + (address.TcpPort is null ? 0 : 1) + (address.PeerId is null ? 0 : 2));
    }

    private static bool Expect(byte[] input)
    {
        int at = 0, stage = 0;
        while (at < input.Length)
        {
            if (!TryNumber(input, ref at, out ulong code) || !Codes.Contains((int)Math.Min(code, 1_000))) return false;
            int size = code switch { 4 => 4, 6 => 2, 41 => 16, _ => -1 };
            if (size < 0)
            {
                if (!TryNumber(input, ref at, out ulong length) || length > (ulong)(input.Length - at)) return false;
                size = (int)length;
            }

            if (size > input.Length - at) return false;
            byte[] value = input[at..(at + size)];
            at += size;
            int next = code switch { 6 => 2, 421 => 3, _ => 1 };
            if (next <= stage || next == 2 && stage != 1) return false;
            stage = next;
            if (code is 53 or 54 or 55 && !IsName(value)) return false;
            if (code == 421 && !(value is [0, ..] && value.Length is >= 3 and <= 44 && value[1] == value.Length - 2 || value is [0x12, 32, ..] && value.Length == 34)) return false;
        }

        return stage > 0;
    }

    private static bool TryNumber(byte[] input, ref int at, out ulong value)
    {
        int start = at;
        ulong? read = SlowProtobuf.Varint(input, ref at);
        value = read ?? 0;
        return read is not null && at - start == Uvarint.Size(value);
    }

    private static bool IsName(byte[] value) => value.Length is > 0 and <= 253 && Encoding.Latin1.GetString(value).Split('.').All(label =>
        label.Length is > 0 and <= 63 && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') && label[0] != '-' && label[^1] != '-');
}
