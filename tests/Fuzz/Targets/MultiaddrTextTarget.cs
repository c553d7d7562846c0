using System.Globalization;
using System.Net;
using System.Text;
using OpSync.Fuzz.Kit;
using OpSync.Libp2p.Multiaddrs;

namespace OpSync.Fuzz.Targets;

/// <summary>Multiaddrs as people write them; a byte is a character.</summary>
internal sealed class MultiaddrTextTarget : FuzzTarget
{
    public override string Name => "multiaddr-text";

    public override int SizeMax => 600;

    public override IReadOnlyList<byte[]> Dictionary { get; } =
    [
        .. new[]
        {
            "/ip4", "/ip6", "/tcp", "/dns", "/dns4", "/dns6", "/p2p", "/ipfs", "/1.2.3.4", "/1.2", "/010.1.1.1", "/0x1.1.1.1", "/::1", "/::ffff:1.2.3.4",
            "/fe80::1%1", "/[::1]", "/65535", "/65536", "/0", "/00", "/+1", "/ 1", "/-a", "/a.b", "/a..b", "/", ".", "-", "_", "%",
        }.Select(Encoding.ASCII.GetBytes),
    ];

    public override byte[] Generate(Random random) => Encoding.ASCII.GetBytes(Next(random));

    /// <summary>A valid address.</summary>
    public static string Next(Random random)
    {
        string host = random.Next(5) switch
        {
            0 => $"/ip4/{random.Next(256)}.{random.Next(256)}.0.{random.Next(256)}",
            1 => $"/ip6/2001:db8::{random.Next(1, 65_536):x}",
            2 => "/ip6/::1",
            3 => $"/dns{(random.Next(2) == 0 ? "" : random.Next(2) == 0 ? "4" : "6")}/node-{random.Next(10)}.example_1.org",
            _ => "",
        };
        string port = host.Length > 0 && random.Next(4) > 0 ? $"/tcp/{random.Next(65_536)}" : "";
        return host + port + (host.Length == 0 || random.Next(2) == 0 ? $"/{(random.Next(4) == 0 ? "ipfs" : "p2p")}/{PeerIdTarget.Next(random)}" : "");
    }

    public override void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
        for (int i = 0; i < input.Length; i++)
        {
            if (input[i] == '/') structure.Cut(i);
        }

        structure.Cut(input.Length);
    }

    public override Verdict Run(byte[] input)
    {
        string text = Encoding.Latin1.GetString(input);
        AllocationBound bound = AllocationBound.Start();
        bool isRead = Multiaddr.TryParse(text, out Multiaddr? address);
        bound.End(32 * 1024);

        FuzzFailure.UnlessEqual(Expect(text), isRead, "slow reader and reader disagree:");
        if (address is null) return Verdict.Of(false, text.Count(c => c == '/'), text.Length);
        Check(address);
        return Verdict.Of(true, 64 + (int)address.HostKind * 4 + (address.TcpPort is null ? 0 : 1) + (address.PeerId is null ? 0 : 2));
    }

    /// <summary>Text and bytes of an address lead back to it.</summary>
    public static void Check(Multiaddr address)
    {
        FuzzFailure.Unless(Multiaddr.TryParse(address.ToString(), out Multiaddr? again) && again.Equals(address), "its text does not lead back:", address.ToString());
        FuzzFailure.Unless(Multiaddr.TryRead(address.ToBytes(), out again) && again.Equals(address), "its bytes do not lead back:", address.ToString());
        FuzzFailure.UnlessSame(address.ToBytes(), again!.ToBytes(), "bytes:");
    }

    private static bool Expect(string text)
    {
        if (text.Length is 0 or > 512 || text[0] != '/') return false;
        string[] parts = text.Split('/')[1..];
        int at = 0;
        bool Next(params string[] names) => at + 1 < parts.Length && names.Contains(parts[at]);
        bool hasHost = Next("ip4", "ip6", "dns", "dns4", "dns6");
        if (hasHost)
        {
            if (!IsHost(parts[at], parts[at + 1])) return false;
            at += 2;
        }

        if (hasHost && Next("tcp"))
        {
            if (!int.TryParse(parts[at + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port > 65_535) return false;
            if (port.ToString(CultureInfo.InvariantCulture) != parts[at + 1]) return false;
            at += 2;
        }

        if (Next("p2p", "ipfs"))
        {
            if (PeerIdTarget.Expect(parts[at + 1]) is null) return false;
            at += 2;
        }

        return at > 0 && at == parts.Length;
    }

    private static bool IsHost(string kind, string host)
    {
        switch (kind)
        {
            case "ip4":
                string[] numbers = host.Split('.');
                return numbers.Length == 4 && numbers.All(n => byte.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out byte b)
                    && b.ToString(CultureInfo.InvariantCulture) == n);
            case "ip6":
                return host.All(c => char.IsAsciiHexDigit(c) || c is ':' or '.') && host.Contains(':', StringComparison.Ordinal) && IPAddress.TryParse(host, out _);
            default:
                return host.Length is > 0 and <= 253 && host.Split('.').All(label => label.Length is > 0 and <= 63
                    && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') && label[0] != '-' && label[^1] != '-');
        }
    }
}
