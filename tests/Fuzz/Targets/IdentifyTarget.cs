using System.Text;
using OpSync.Fuzz.Kit;
using OpSync.Fuzz.Reference;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Protocols.Identify;
using OpSync.TestKit;

namespace OpSync.Fuzz.Targets;

/// <summary>Everything that comes on an identify stream.</summary>
internal sealed class IdentifyTarget : FuzzTarget
{
    private const int PartsMax = 10, AddressesMax = 32, ProtocolsMax = 128, ProtocolSizeMax = 256, VersionMax = 128;

    public override string Name => "identify";

    public override byte[] Generate(Random random)
    {
        List<byte> input = [];
        for (int part = random.Next(4) == 0 ? random.Next(1, PartsMax) : 1; part > 0; part--)
        {
            List<byte[]> fields = [];
            if (random.Next(2) == 0) fields.Add(Proto.Bytes(1, Identities.All[0].PublicKey.Protobuf.Span));
            for (int i = random.Next(random.Next(8) == 0 ? 40 : 4); i > 0; i--) fields.Add(Proto.Bytes(2, MultiaddrBytesTarget.Next(random)));
            for (int i = random.Next(random.Next(8) == 0 ? 140 : 6); i > 0; i--) fields.Add(Proto.Bytes(3, Encoding.ASCII.GetBytes($"/p/{random.Next(1000)}")));
            if (random.Next(2) == 0) fields.Add(Proto.Bytes(4, MultiaddrBytesTarget.Next(random)));
            if (random.Next(2) == 0) fields.Add(Proto.Bytes(5, "ipfs/0.1.0"u8));
            if (random.Next(2) == 0) fields.Add(Proto.Bytes(6, random.Next(4) == 0 ? random.NextBytes(200) : "opsync/1"u8));
            for (int i = random.Next(3); i > 0; i--) fields.Add(Proto.Unknown(random));
            byte[][] shuffled = [.. fields];
            random.Shuffle(shuffled);
            byte[] message = [.. shuffled.SelectMany(f => f)];
            input.AddRange([.. Proto.Number((ulong)message.Length), .. message]);
        }

        return [.. input];
    }

    public override void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
        byte[] bytes = input.ToArray();
        int at = 0;
        while (at < bytes.Length)
        {
            int start = at;
            if (SlowProtobuf.Varint(bytes, ref at) is not { } length || length > (ulong)(bytes.Length - at)) return;
            structure.Cut(start);
            structure.Number(start, at - start, NumberForm.Varint);
            Proto.Describe(input, at, at + (int)length, structure);
            at += (int)length;
        }
    }

    /// <summary>Changes one part and gives it its right length again.</summary>
    public override byte[]? MutateDeeply(Random random, byte[] input)
    {
        int at = 0;
        if (SlowProtobuf.Varint(input, ref at) is not { } length || length > (ulong)(input.Length - at) || length == 0) return null;
        Structure structure = new();
        Proto.Describe(input, at, at + (int)length, structure);
        if (structure.Cuts.Count < 2) return null;
        int field = random.Next(structure.Cuts.Count - 1), start = structure.Cuts[field], end = structure.Cuts[field + 1];
        byte[] part = random.Next(4) switch
        {
            0 => [.. input.AsSpan(at, start - at), .. input.AsSpan(end, at + (int)length - end)],
            1 => [.. input.AsSpan(at, (int)length), .. input.AsSpan(start, end - start)],
            2 => [.. input.AsSpan(at, end - 1 - at), (byte)random.Next(256), .. input.AsSpan(end, at + (int)length - end)],
            _ => [.. input.AsSpan(at, (int)length), .. Proto.Unknown(random)],
        };
        return [.. Proto.Number((ulong)part.Length), .. part, .. input.AsSpan(at + (int)length)];
    }

    public override Verdict Run(byte[] input)
    {
        PeerId peer = Identities.All[0].Id;
        AllocationBound bound = AllocationBound.Start();
        IdentifyVerdict verdict = IdentifyMessage.Decode(input, peer, out IdentifyInfo info);
        bound.End(64 * 1024 + 64 * input.Length);
        FuzzFailure.Unless(Enum.IsDefined(verdict), "unknown verdict:", $"{verdict}");

        (IdentifyVerdict[] expected, IdentifyInfo told) = Expect(input);
        FuzzFailure.Unless(expected.Contains(verdict), "verdict:", $"{verdict}, expected {string.Join(" or ", expected)}");
        if (verdict != IdentifyVerdict.Ok) return Verdict.Of(false, (int)verdict, input.Length / 32);
        FuzzFailure.UnlessEqual(told.ProtocolVersion, info.ProtocolVersion, "protocol version:");
        FuzzFailure.UnlessEqual(told.AgentVersion, info.AgentVersion, "agent:");
        FuzzFailure.UnlessEqual(told.ObservedAddress, info.ObservedAddress, "observed address:");
        FuzzFailure.Unless(told.Protocols.SequenceEqual(info.Protocols), "protocols:", string.Join(' ', info.Protocols));
        FuzzFailure.Unless(told.ListenAddresses.SequenceEqual(info.ListenAddresses), "addresses:", string.Join(' ', info.ListenAddresses));
        return Verdict.Of(true, 8 + info.ListenAddresses.Count, info.Protocols.Count);
    }

    private static (IdentifyVerdict[] Verdicts, IdentifyInfo Told) Expect(byte[] input)
    {
        List<string> protocols = [];
        List<Multiaddr> addresses = [];
        IdentifyInfo told = new();
        int at = 0, parts = 0;
        while (true)
        {
            int start = at;

            // The length has one form only; what is inside may have others.
            if (SlowProtobuf.Varint(input, ref at) is not { } length || at > start + 1 && input[at - 1] == 0 || length > (ulong)(input.Length - at)) break;
            if (++parts > PartsMax) return ([IdentifyVerdict.TooLarge], told);
            var fields = SlowProtobuf.Fields(input[at..(at + (int)length)]);
            at += (int)length;

            // What stands before the place where a part breaks may already have told a wrong key.
            if (fields is null) return ([IdentifyVerdict.Malformed, IdentifyVerdict.WrongKey], told);
            foreach ((int field, int wire, _, byte[] bytes) in fields)
            {
                if (wire != 2) continue;
                switch (field)
                {
                    case 1 when !bytes.AsSpan().SequenceEqual(Identities.All[0].PublicKey.Protobuf.Span):
                        return ([IdentifyVerdict.WrongKey], told);
                    case 2 when addresses.Count < AddressesMax && Multiaddr.TryRead(bytes, out Multiaddr? address):
                        addresses.Add(address);
                        break;
                    case 3 when protocols.Count < ProtocolsMax && bytes.Length is > 0 and <= ProtocolSizeMax && bytes.All(b => b < 0x80):
                        protocols.Add(Encoding.ASCII.GetString(bytes));
                        break;
                    case 4 when Multiaddr.TryRead(bytes, out Multiaddr? observed):
                        told = told with { ObservedAddress = observed };
                        break;
                    case 5:
                        told = told with { ProtocolVersion = Printable(bytes) };
                        break;
                    case 6:
                        told = told with { AgentVersion = Printable(bytes) };
                        break;
                }
            }
        }

        return ([parts == 0 ? IdentifyVerdict.Empty : IdentifyVerdict.Ok], told with { Protocols = protocols, ListenAddresses = addresses });
    }

    private static string Printable(byte[] text) => string.Concat(text.Take(VersionMax).Select(b => b is >= 0x20 and < 0x7f ? (char)b : '?'));
}
