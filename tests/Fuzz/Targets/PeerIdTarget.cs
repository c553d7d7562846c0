using System.Text;
using OpSync.Fuzz.Kit;
using OpSync.Fuzz.Reference;
using OpSync.Libp2p.Identity;
using OpSync.TestKit;

namespace OpSync.Fuzz.Targets;

/// <summary>Peer ids as people write them; a byte is a character.</summary>
internal sealed class PeerIdTarget : FuzzTarget
{
    private const int TextMax = 128;

    public override string Name => "peer-id";

    public override int SizeMax => 256;

    public override IReadOnlyList<byte[]> Dictionary { get; } =
        [.. new[] { "1", "Qm", "12D3KooW", "16Uiu2HA", "bafzaa", "bafzbei", "b", "0", "O", "I", "l", "z", "2", "7", "a", "1111" }.Select(Encoding.ASCII.GetBytes)];

    public override byte[] Generate(Random random) => Encoding.ASCII.GetBytes(Next(random));

    /// <summary>A valid peer id in one of its forms.</summary>
    public static string Next(Random random)
    {
        PeerId id = Identities.All[random.Next(Identities.All.Length)].Id;
        if (random.Next(3) == 0) PeerId.TryFromBytes([0x12, 32, .. random.NextBytes(32)], out id!);
        if (random.Next(8) == 0) PeerId.TryFromBytes([0, 4, .. new byte[4]], out id!);
        return random.Next(3) == 0 ? id.ToCidString() : id.ToString();
    }

    public override Verdict Run(byte[] input)
    {
        string text = Encoding.Latin1.GetString(input);
        AllocationBound bound = AllocationBound.Start();
        bool isRead = PeerId.TryParse(text, out PeerId? id);
        bound.End(4 * 1024);

        byte[]? expected = Expect(text);
        FuzzFailure.UnlessEqual(expected is not null, isRead, "slow decoder and decoder disagree:");
        if (expected is null) return Verdict.Of(false, text.Length > 0 && text[0] is '1' or 'b' or 'Q' ? text[0] : 0, text.Length);
        FuzzFailure.UnlessSame(expected, id!.Bytes.Span, "bytes:");
        FuzzFailure.UnlessEqual(SlowBase58.Encode(expected), id.ToString(), "text:");
        foreach (string form in (string[])[id.ToString(), id.ToCidString()])
        {
            FuzzFailure.Unless(PeerId.TryParse(form, out PeerId? again) && again == id, "another form of the same id:", form);
        }

        if (id.TryGetPublicKey(out PublicKey? key)) FuzzFailure.UnlessEqual(id, PeerId.FromPublicKey(key), "id of the key in it:");
        return Verdict.Of(true, 256 + text[0], text.Length);
    }

    /// <summary>The multihash in a text, by the peer-ids spec; null for a text that is none.</summary>
    public static byte[]? Expect(string text)
    {
        byte[]? bytes = null;
        if (text.Length is 0 or > TextMax) return null;
        if (text[0] == 'b')
        {
            if (SlowBase58.Decode32(text[1..]) is [0x01, 0x72, .. var cid]) bytes = cid;
        }
        else if (text[0] == '1' || text.StartsWith("Qm", StringComparison.Ordinal))
        {
            bytes = SlowBase58.Decode(text);
        }

        bool isInline = bytes is [0x00, var inline, ..] && inline == bytes.Length - 2 && bytes.Length is >= 3 and <= 44;
        bool isHash = bytes is [0x12, 32, ..] && bytes.Length == 34;
        return isInline || isHash ? bytes : null;
    }
}
