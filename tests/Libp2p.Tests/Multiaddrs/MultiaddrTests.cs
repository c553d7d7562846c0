using System.Net;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Libp2p.Tests.Multiaddrs;

public sealed class MultiaddrTests
{
    private const string Peer = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";
    private const string PeerHex = "a5032212209dff3b17d74cf4d38a50d8b6383e92d181a10395a5e73a726dcccbd21bf6f0b9";

    [Theory]
    [InlineData("/ip4/127.0.0.1/tcp/9222", "047f0000010624" + "06", HostKind.Ip4, "127.0.0.1", 9222)]
    [InlineData("/ip4/0.0.0.0/tcp/0", "0400000000060000", HostKind.Ip4, "0.0.0.0", 0)]
    [InlineData("/ip6/::1/tcp/65535", "290000000000000000000000000000000106ffff", HostKind.Ip6, "::1", 65_535)]
    [InlineData("/ip6/2001:db8::8/tcp/1", "2920010db8000000000000000000000008060001", HostKind.Ip6, "2001:db8::8", 1)]
    [InlineData("/dns/example.com/tcp/80", "350b6578616d706c652e636f6d060050", HostKind.Dns, "example.com", 80)]
    [InlineData("/dns4/a.b-c_d.org/tcp/443", "360b612e622d635f642e6f72670601bb", HostKind.Dns4, "a.b-c_d.org", 443)]
    [InlineData("/dns6/x/tcp/9", "370178060009", HostKind.Dns6, "x", 9)]
    [InlineData("/ip4/10.0.0.1", "040a000001", HostKind.Ip4, "10.0.0.1", null)]
    public void Address_round_trips_through_text_and_bytes(string text, string hex, HostKind kind, string host, int? port)
    {
        foreach (string tail in (string[])["", "/p2p/" + Peer])
        {
            byte[] bytes = Convert.FromHexString(hex + (tail.Length > 0 ? PeerHex : ""));
            Assert.True(Multiaddr.TryParse(text + tail, out Multiaddr? parsed));
            Assert.True(Multiaddr.TryRead(bytes, out Multiaddr? read));
            Assert.Equal(parsed, read);
            Assert.Equal(parsed.GetHashCode(), read.GetHashCode());
            foreach (Multiaddr address in (Multiaddr[])[parsed, read])
            {
                Assert.Equal(text + tail, address.ToString());
                Assert.Equal(bytes, address.ToBytes());
                Assert.Equal((kind, host, port), (address.HostKind, address.Host, address.TcpPort));
                Assert.Equal(kind is HostKind.Ip4 or HostKind.Ip6 ? IPAddress.Parse(host) : null, address.IpAddress);
                Assert.Equal(tail.Length > 0 ? Peer : null, address.PeerId?.ToString());
            }
        }
    }

    [Theory]
    [InlineData("/ipfs/" + Peer, "/p2p/" + Peer)]
    [InlineData("/p2p/bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe", "/p2p/" + Peer)]
    [InlineData("/ip6/2001:DB8:0:0:0:0:0:8/tcp/1", "/ip6/2001:db8::8/tcp/1")]
    public void Other_spellings_become_the_canonical_one(string text, string canonical)
    {
        Assert.True(Multiaddr.TryParse(text, out Multiaddr? address));
        Assert.Equal(canonical, address.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("ip4/1.2.3.4/tcp/1")]
    [InlineData("/ip4/1.2.3.4/tcp/1/")]
    [InlineData("/ip4/1.2.3.4/tcp")]
    [InlineData("/ip4/1.2.3/tcp/1")]
    [InlineData("/ip4/01.2.3.4/tcp/1")]
    [InlineData("/ip4/1.2.3.256/tcp/1")]
    [InlineData("/ip4/::1/tcp/1")]
    [InlineData("/ip6/1.2.3.4/tcp/1")]
    [InlineData("/ip6/[::1]/tcp/1")]
    [InlineData("/ip6/fe80::1%eth0/tcp/1")]
    [InlineData("/ip4/1.2.3.4/tcp/65536")]
    [InlineData("/ip4/1.2.3.4/tcp/-1")]
    [InlineData("/ip4/1.2.3.4/tcp/1\0")]
    [InlineData("/ip4/1.2.3.4/tcp/ 1")]
    [InlineData("/ip4/1.2.3.4/tcp/01")]
    [InlineData("/ip4/1.2.3.4/tcp/")]
    [InlineData("/ip4/1.2.3.4/udp/1")]
    [InlineData("/ip4/1.2.3.4/tcp/1/ws")]
    [InlineData("/ip4/1.2.3.4/tcp/1/tcp/2")]
    [InlineData("/ip4/1.2.3.4/ip4/1.2.3.4")]
    [InlineData("/tcp/1")]
    [InlineData("/tcp/1/ip4/1.2.3.4")]
    [InlineData("/p2p/" + Peer + "/tcp/1")]
    [InlineData("/p2p/" + Peer + "/ip4/1.2.3.4")]
    [InlineData("/p2p/" + Peer + "/p2p/" + Peer)]
    [InlineData("/p2p/Qm")]
    [InlineData("/dns//tcp/1")]
    [InlineData("/dns/a..b/tcp/1")]
    [InlineData("/dns/-a/tcp/1")]
    [InlineData("/dns/a b/tcp/1")]
    [InlineData("/dns/bücher.example/tcp/1")]
    [InlineData("/dns/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/tcp/1")]
    public void Text_that_cannot_be_dialled_is_refused(string? text)
    {
        Assert.False(Multiaddr.TryParse(text, out Multiaddr? address));
        Assert.Null(address);
    }

    [Fact]
    public void Text_above_the_limit_is_refused()
    {
        string name = string.Join('.', Enumerable.Repeat("abcdefghi", 25));   // 249 characters
        Assert.True(Multiaddr.TryParse($"/dns/{name}.com/tcp/1/p2p/{Peer}", out Multiaddr? longest));
        Assert.True(Multiaddr.TryRead(longest.ToBytes(), out Multiaddr? read));
        Assert.Equal(longest, read);
        Assert.False(Multiaddr.TryParse($"/dns/{name}.comm/tcp/1", out _));
        Assert.False(Multiaddr.TryParse("/dns/" + new string('a', 1_000_000), out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("04")]
    [InlineData("047f000001" + "91020001")]                  // udp
    [InlineData("047f000001" + "062406" + "dd03")]           // ws
    [InlineData("062406")]                                   // a port without a host
    [InlineData("35" + "00" + "060050")]                     // an empty name
    [InlineData("35" + "01ff" + "060050")]                   // a name outside ASCII
    [InlineData("35" + "ff" + "01")]                         // a length beyond the bytes
    [InlineData("35" + "ffffffffffffffffff01")]
    [InlineData("8400" + "7f000001")]                        // a code in a longer form
    public void Bytes_that_cannot_be_dialled_are_refused(string hex) =>
        Assert.False(Multiaddr.TryRead(Convert.FromHexString(hex), out _));

    [Fact]
    public void Every_truncation_is_refused_or_ends_between_parts()
    {
        byte[] bytes = Convert.FromHexString("047f000001" + "062406" + PeerHex);
        for (int size = 0; size < bytes.Length; size++) Assert.Equal(size is 5 or 8, Multiaddr.TryRead(bytes.AsSpan(0, size), out _));
    }

    [Fact]
    public void Random_bytes_end_in_a_verdict_and_what_is_accepted_round_trips()
    {
        Random random = Seeds.Create(12);
        byte[] codes = [4, 41, 53, 54, 55, 6, 1, 10, 0];
        int accepted = 0;
        for (int i = 0; i < 50_000; i++)
        {
            byte[] bytes = random.NextBytes(random.Next(24));
            if (bytes.Length > 0) bytes[0] = codes[random.Next(codes.Length)];
            if (!Multiaddr.TryRead(bytes, out Multiaddr? address)) continue;
            accepted++;
            Assert.Equal(bytes, address.ToBytes());
            Assert.True(Multiaddr.TryParse(address.ToString(), out Multiaddr? again));
            Assert.Equal(address, again);
        }

        Assert.True(accepted > 0);
    }

    [Theory]
    [InlineData("1.2.3.4", "/ip4/1.2.3.4/tcp/5")]
    [InlineData("::ffff:1.2.3.4", "/ip4/1.2.3.4/tcp/5")]
    [InlineData("fe80::1%3", "/ip6/fe80::1/tcp/5")]
    public void End_point_becomes_an_address_others_can_use(string ip, string text) =>
        Assert.Equal(text, Multiaddr.FromEndPoint(new IPEndPoint(IPAddress.Parse(ip), 5)).ToString());

    [Fact]
    public void Peer_id_comes_and_goes()
    {
        Assert.True(PeerId.TryParse(Peer, out PeerId? peer));
        Assert.True(Multiaddr.TryParse("/dns4/a/tcp/1", out Multiaddr? address));
        Assert.Equal("/dns4/a/tcp/1/p2p/" + Peer, address.WithPeerId(peer).ToString());
        Assert.Equal(address, address.WithPeerId(peer).WithoutPeerId());
        Assert.True(Multiaddr.TryParse("/p2p/" + Peer, out Multiaddr? only));
        Assert.Throws<InvalidOperationException>(only.WithoutPeerId);
    }
}
