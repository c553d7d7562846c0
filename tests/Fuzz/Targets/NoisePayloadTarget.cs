using System.Text;
using OpSync.Fuzz.Kit;
using OpSync.Fuzz.Reference;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Noise;

namespace OpSync.Fuzz.Targets;

/// <summary>The libp2p payload of a noise handshake.</summary>
internal sealed class NoisePayloadTarget : FuzzTarget
{
    private const int MuxersMax = 16, MuxerSizeMax = 128;

    private static readonly string[] Muxers = ["/yamux/1.0.0", "/mplex/6.7.0", "", "/x"];

    public override string Name => "noise-payload";

    public override int VerdictsMin => 5;

    public override byte[] Generate(Random random) => Next(random, random.Next(Identities.All.Length));

    /// <summary>A valid payload of one of the known identities.</summary>
    public static byte[] Next(Random random, int identity)
    {
        List<byte[]> fields = [Proto.Bytes(1, Identities.All[identity].PublicKey.Protobuf.Span), Proto.Bytes(2, Identities.Signatures[identity])];
        if (random.Next(2) == 0)
        {
            int count = random.Next(8) == 0 ? 20 : random.Next(4);
            byte[] names = [.. Enumerable.Range(0, count).SelectMany(_ => Proto.Bytes(2, Encoding.UTF8.GetBytes(Muxers[random.Next(Muxers.Length)])))];
            fields.Add(Proto.Bytes(4, random.Next(4) == 0 ? [.. names, .. Proto.Unknown(random)] : names));
        }

        for (int i = random.Next(3); i > 0; i--) fields.Add(Proto.Unknown(random));
        byte[][] shuffled = [.. fields];
        random.Shuffle(shuffled);
        return [.. shuffled.SelectMany(f => f)];
    }

    public override void Describe(ReadOnlySpan<byte> input, Structure structure) => Proto.Describe(input, 0, input.Length, structure);

    public override Verdict Run(byte[] input)
    {
        AllocationBound bound = AllocationBound.Start();
        NoiseVerdict verdict = NoisePayload.Verify(input, Identities.Static.PublicKey, MuxersMax, out PublicKey? key, out List<string> muxers);
        bound.End(64 * 1024 + 16 * input.Length);
        FuzzFailure.Unless(Enum.IsDefined(verdict), "unknown verdict:", $"{verdict}");
        FuzzFailure.UnlessEqual(verdict == NoiseVerdict.Ok, key is not null, "a key and a fault, or neither:");

        (NoiseVerdict? expected, byte[]? identity, List<string>? names) = Expect(input);
        if (expected is not null) FuzzFailure.UnlessEqual(expected, verdict, "verdict:");
        else FuzzFailure.Unless(verdict != NoiseVerdict.Ok, "accepted a signature that nobody made");
        if (key is null) return Verdict.Of(false, (int)verdict, input.Length / 16);
        FuzzFailure.UnlessSame(identity, key.Protobuf.Span, "identity:");
        FuzzFailure.Unless(names!.SequenceEqual(muxers), "muxers:", string.Join(' ', muxers));
        return Verdict.Of(true, 32 + (int)key.Type, muxers.Count);
    }

    /// <summary>The verdict, where it can be known: for a key that was never seen, only that it is none of success.</summary>
    public static (NoiseVerdict? Verdict, byte[]? Identity, List<string>? Muxers) Expect(byte[] payload)
    {
        if (SlowProtobuf.Fields(payload) is not { } fields) return (NoiseVerdict.BadPayload, null, null);
        byte[] Last(int number) => fields.LastOrDefault(f => f.Field == number && f.Wire == 2).Bytes ?? [];
        byte[] identity = Last(1), signature = Last(2), extensions = Last(4);
        if (identity.Length == 0 || signature.Length == 0) return (NoiseVerdict.BadPayload, null, null);
        int known = Array.FindIndex(Identities.All, i => i.PublicKey.Protobuf.Span.SequenceEqual(identity));
        if (known < 0 || !Identities.Signatures[known].AsSpan().SequenceEqual(signature))
        {
            // Thirty-two bytes are an Ed25519 key whatever they are; other kinds have to be looked at.
            bool isEd25519 = identity.Length == 36 && identity.AsSpan().StartsWith((byte[])[8, 1, 18, 32]);
            return (isEd25519 || known >= 0 ? NoiseVerdict.BadSignature : null, null, null);
        }

        if (SlowProtobuf.Fields(extensions) is not { } inner) return (NoiseVerdict.BadPayload, null, null);
        List<string> names = [.. inner.Where(f => f is { Field: 2, Wire: 2 } && f.Bytes.Length <= MuxerSizeMax).Take(MuxersMax).Select(f => Encoding.UTF8.GetString(f.Bytes))];
        return (NoiseVerdict.Ok, identity, names);
    }
}
