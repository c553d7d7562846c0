using System.Buffers.Binary;
using System.Security.Cryptography;
using OpSync.Fuzz.Kit;
using OpSync.Libp2p.Noise;

namespace OpSync.Fuzz.Targets;

/// <summary>The encrypted channel: sizes of honest frames, then edits of the bytes on the wire.</summary>
/// <remarks>Layout: piece size, count of frames, two bytes per frame for its size, and four bytes per edit: kind, value, place.</remarks>
internal sealed class NoiseTransportTarget : FuzzTarget
{
    private const int Head = 2, FrameSize = 2, EditSize = 4, TagSize = 16;
    private const int FramesMax = 8, PlaintextMax = 4_096;

    private static readonly byte[] Key = [.. Enumerable.Range(3, 32).Select(i => (byte)(11 * i))];

    public override string Name => "noise-transport";

    public override int SizeMax => 128;

    public override int VerdictsMin => 6;

    public override byte[] Generate(Random random)
    {
        int frames = random.Next(FramesMax);
        List<byte> input = [(byte)random.Next(256), (byte)frames];
        for (int i = 0; i < frames; i++) input.AddRange(BitConverter.GetBytes((ushort)(random.Next(3) == 0 ? random.Next(PlaintextMax) : random.Next(40))));
        return [.. input];
    }

    public override void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
        if (input.Length < Head) return;
        structure.Number(1, 1, NumberForm.LittleEndian);
        int edits = Math.Min(input.Length, Head + FrameSize * (input[1] % FramesMax));
        for (int at = Head; at + FrameSize <= edits; at += FrameSize) structure.Number(at, FrameSize, NumberForm.LittleEndian);
        for (int at = edits; at + EditSize <= input.Length; at += EditSize)
        {
            structure.Cut(at);
            structure.Number(at + 2, 2, NumberForm.LittleEndian);
        }

        structure.Cut(input.Length);
    }

    public override byte[]? MutateDeeply(Random random, byte[] input) =>
        [.. input, (byte)random.Next(6), (byte)random.Next(256), .. BitConverter.GetBytes((ushort)(random.Next(3) == 0 ? random.Next(40) : random.Next(9_000)))];

    public override Verdict Run(byte[] input)
    {
        if (input.Length < Head) return default;
        (List<(byte[] Wire, byte[] Plain)> frames, int at) = Honest(input);
        byte[] wire = Edit([.. frames.SelectMany(f => f.Wire)], input.AsSpan(at), frames);

        ScriptedStream transport = new(wire, 1 + 16 * input[0], breaks: false);
        List<byte> read = [];
        ChannelFault? fault = null;
        AllocationBound bound = AllocationBound.Start();
        using (CipherState send = new(Key), receive = new(Key))
        {
            SecureChannel channel = new(transport, send, receive);
            try
            {
                while (Completed.Get(channel.ReadAsync(CancellationToken.None)) is { IsEmpty: false } chunk) read.AddRange(chunk.Span);
            }
            catch (SecureChannelException e)
            {
                fault = e.Fault;
            }

            channel.Abort();
        }

        bound.End(512 * 1024 + 8 * wire.Length);
        (List<byte> expected, ChannelFault? end) = Expect(wire, frames);
        FuzzFailure.UnlessSame([.. expected], [.. read], "plaintext:");
        FuzzFailure.UnlessEqual(end, fault, "end:");
        return Verdict.Of(fault is null, fault is { } f ? 1 + (int)f : 0, read.Count);
    }

    private static (List<(byte[] Wire, byte[] Plain)> Frames, int At) Honest(byte[] input)
    {
        List<(byte[], byte[])> frames = [];
        using ChaCha20Poly1305 cipher = new(Key);
        int at = Head;
        for (int i = 0; i < input[1] % FramesMax && at + FrameSize <= input.Length; i++, at += FrameSize)
        {
            byte[] plain = new byte[BinaryPrimitives.ReadUInt16LittleEndian(input.AsSpan(at)) % (PlaintextMax + 1)];
            Array.Fill(plain, (byte)(i + 1));
            byte[] nonce = new byte[12], wire = new byte[2 + plain.Length + TagSize];
            nonce[4] = (byte)i;
            BinaryPrimitives.WriteUInt16BigEndian(wire, (ushort)(plain.Length + TagSize));
            cipher.Encrypt(nonce, plain, wire.AsSpan(2, plain.Length), wire.AsSpan(2 + plain.Length));
            frames.Add((wire, plain));
        }

        return (frames, at);
    }

    private static byte[] Edit(byte[] wire, ReadOnlySpan<byte> edits, List<(byte[] Wire, byte[] Plain)> frames)
    {
        for (; edits.Length >= EditSize; edits = edits[EditSize..])
        {
            byte kind = edits[0], value = edits[1];
            int place = wire.Length == 0 ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(edits[2..]) % wire.Length;
            wire = (kind % 6) switch
            {
                0 when wire.Length > 0 => [.. wire.AsSpan(0, place), (byte)(wire[place] ^ value), .. wire.AsSpan(place + 1)],
                1 => wire[..place],
                2 => [.. wire.AsSpan(0, place), .. new byte[value], .. wire.AsSpan(place)],
                3 => [.. wire.AsSpan(0, place), .. wire.AsSpan(Math.Min(wire.Length, place + value))],
                4 when frames.Count > 0 => [.. wire, .. frames[value % frames.Count].Wire],   // a frame once more
                5 => [.. wire, 0, value],                                                     // a frame header of its own
                _ => wire,
            };
        }

        return wire;
    }

    private static (List<byte> Plain, ChannelFault? End) Expect(byte[] wire, List<(byte[] Wire, byte[] Plain)> frames)
    {
        List<byte> plain = [];
        for (int at = 0, counter = 0; ; counter++)
        {
            int left = wire.Length - at;
            if (left == 0) return (plain, null);
            if (left < 2) return (plain, ChannelFault.Truncated);
            int length = BinaryPrimitives.ReadUInt16BigEndian(wire.AsSpan(at));
            if (length < TagSize) return (plain, ChannelFault.FrameTooShort);
            if (left < 2 + length) return (plain, ChannelFault.Truncated);
            if (counter >= frames.Count || !frames[counter].Wire.AsSpan().SequenceEqual(wire.AsSpan(at, 2 + length))) return (plain, ChannelFault.BadTag);
            plain.AddRange(frames[counter].Plain);
            at += 2 + length;
        }
    }
}
