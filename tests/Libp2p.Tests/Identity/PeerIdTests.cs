using OpSync.Libp2p.Identity;
using Xunit;

namespace OpSync.Libp2p.Tests.Identity;

public sealed class PeerIdTests
{
    // The pairs of the peer-ids spec, and the id an Ed25519 key of its test vectors gives.
    [Theory]
    [InlineData("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N", "bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe")]
    [InlineData("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA", null)]
    public void Both_text_forms_name_the_same_peer(string base58, string? cid)
    {
        Assert.True(PeerId.TryParse(base58, out PeerId? id));
        Assert.Equal(base58, id.ToString());
        if (cid is not null) Assert.Equal(cid, id.ToCidString());

        Assert.True(PeerId.TryParse(id.ToCidString(), out PeerId? fromCid));
        Assert.Equal(id, fromCid);
        Assert.True(id == fromCid);
        Assert.Equal(id.GetHashCode(), fromCid.GetHashCode());
        Assert.Equal(0, id.CompareTo(fromCid));
        Assert.True(PeerId.TryFromBytes(id.Bytes.Span, out PeerId? fromBytes));
        Assert.Equal(id, fromBytes);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("Qm")]
    [InlineData("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5")]            // a digit short
    [InlineData("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx50")]           // 0 is no digit
    [InlineData("ZmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N")]           // another prefix
    [InlineData("bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqx")]
    [InlineData("bafybeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe")]   // codec dag-pb
    [InlineData("BAFZBEIE5745RPV2M6TJYUUGYWY4D5EWRQGQQHFNF445HE3OMZPJBX5XQXE")]
    [InlineData("111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111")]
    public void Text_that_is_no_peer_id_is_refused(string? text)
    {
        Assert.False(PeerId.TryParse(text, out PeerId? id));
        Assert.Null(id);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("0000")]                                                             // an empty key
    [InlineData("000201")]                                                           // length beyond the bytes
    [InlineData("00010102")]                                                         // bytes beyond the length
    [InlineData("1103" + "010203")]                                                  // SHA-1
    [InlineData("121f" + "00000000000000000000000000000000000000000000000000000000000000")]
    public void Bytes_that_are_no_peer_id_are_refused(string hex) =>
        Assert.False(PeerId.TryFromBytes(Convert.FromHexString(hex), out _));

    [Fact]
    public void Embedded_key_longer_than_42_bytes_is_refused()
    {
        byte[] bytes = new byte[2 + 43];
        bytes[1] = 43;
        Assert.False(PeerId.TryFromBytes(bytes, out _));
        bytes[1] = 42;
        Assert.True(PeerId.TryFromBytes(bytes.AsSpan(0, 44), out PeerId? id));
        Assert.False(id.TryGetPublicKey(out _));
    }

    [Theory]
    [InlineData(KeyType.Ed25519, "12D3KooW")]
    [InlineData(KeyType.Secp256k1, "16Uiu2HA")]
    public void Id_of_a_short_key_embeds_it(KeyType type, string prefix)
    {
        using PeerIdentity identity = PeerIdentity.Create(type);
        Assert.StartsWith(prefix, identity.Id.ToString(), StringComparison.Ordinal);
        Assert.True(identity.Id.TryGetPublicKey(out PublicKey? key));
        Assert.Equal(identity.PublicKey, key);
    }

    [Fact]
    public void Order_is_that_of_the_bytes()
    {
        Assert.True(PeerId.TryFromBytes([0, 1, 1], out PeerId? low));
        Assert.True(PeerId.TryFromBytes([0, 1, 2], out PeerId? high));
        Assert.True(low.CompareTo(high) < 0);
        Assert.True(high.CompareTo(low) > 0);
        Assert.True(low.CompareTo(null) > 0);
        Assert.True(low != high);
    }
}
