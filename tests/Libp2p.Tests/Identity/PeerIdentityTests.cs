using OpSync.Libp2p.Identity;
using Xunit;

namespace OpSync.Libp2p.Tests.Identity;

public sealed class PeerIdentityTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("opsync-keys-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Test vectors of the peer-ids spec: private and public key messages.
    [Theory]
    [InlineData(
        "080112407e0830617c4a7de83925dfb2694556b12936c477a0e1feb2e148ec9da60fee7d1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e",
        "080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e")]
    [InlineData(
        "0802122053dadf1d5a164d6b4acdb15e24aa4c5b1d3461bdbd42abedb0a4404d56ced8fb",
        "08021221037777e994e452c21604f91de093ce415f5432f701dd8cd1a7a6fea0e630bfca99")]
    public void Private_key_message_of_the_spec_gives_its_public_key(string privateHex, string publicHex)
    {
        Assert.Equal(KeyFileFault.None, PeerIdentity.TryRead(Convert.FromHexString(privateHex), out PeerIdentity? identity));
        using (identity) Assert.Equal(publicHex, Convert.ToHexStringLower(identity!.PublicKey.Protobuf.Span));

        string path = Write(Convert.ToBase64String(Convert.FromHexString(privateHex)));
        Assert.True(PeerIdentity.TryLoad(path, out PeerIdentity? loaded, out _));
        using (loaded) Assert.Equal(identity.Id, loaded.Id);
    }

    [Fact]
    public void Op_node_key_file_of_hex_is_a_secp256k1_identity()
    {
        string path = Write("53dadf1d5a164d6b4acdb15e24aa4c5b1d3461bdbd42abedb0a4404d56ced8fb\n");
        Assert.True(PeerIdentity.TryLoad(path, out PeerIdentity? identity, out KeyFileFault fault));
        Assert.Equal(KeyFileFault.None, fault);
        using (identity)
        {
            Assert.Equal(KeyType.Secp256k1, identity.PublicKey.Type);
            Assert.Equal(
                "08021221037777e994e452c21604f91de093ce415f5432f701dd8cd1a7a6fea0e630bfca99",
                Convert.ToHexStringLower(identity.PublicKey.Protobuf.Span));
        }
    }

    [Theory]
    [InlineData(KeyType.Ed25519)]
    [InlineData(KeyType.Secp256k1)]
    public void Saved_identity_loads_again_and_belongs_to_its_owner_alone(KeyType type)
    {
        string path = Path.Combine(_folder, "key");
        using PeerIdentity identity = PeerIdentity.Create(type);
        identity.Save(path);

        Assert.True(PeerIdentity.TryLoad(path, out PeerIdentity? loaded, out _));
        using (loaded)
        {
            Assert.Equal(identity.Id, loaded.Id);
            Assert.True(identity.PublicKey.Verify("text"u8, loaded.Sign("text"u8)));
        }

        Assert.Equal([path], Directory.GetFiles(_folder));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public void Save_never_replaces_a_key()
    {
        string path = Write("something of value");
        using PeerIdentity identity = PeerIdentity.Create(KeyType.Ed25519);
        Assert.Throws<IOException>(() => identity.Save(path));
        Assert.Equal("something of value", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder));
    }

    [Theory]
    [InlineData("", KeyFileFault.Malformed)]
    [InlineData("not a key", KeyFileFault.Malformed)]
    [InlineData("53dadf1d5a164d6b4acdb15e24aa4c5b1d3461bdbd42abedb0a4404d56ced8", KeyFileFault.Malformed)]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", KeyFileFault.Malformed)]
    [InlineData("CAESIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", KeyFileFault.Malformed)]   // Ed25519 without its public half
    [InlineData("CAASAQE=", KeyFileFault.UnsupportedType)]                                         // RSA
    [InlineData("CAMSAQE=", KeyFileFault.UnsupportedType)]                                         // ECDSA
    public void Key_file_that_holds_no_identity_is_refused_with_its_reason(string text, KeyFileFault expected)
    {
        Assert.False(PeerIdentity.TryLoad(Write(text), out PeerIdentity? identity, out KeyFileFault fault));
        Assert.Null(identity);
        Assert.Equal(expected, fault);
    }

    [Fact]
    public void Missing_and_unreadable_files_are_told_apart()
    {
        Assert.False(PeerIdentity.TryLoad(Path.Combine(_folder, "none"), out _, out KeyFileFault fault));
        Assert.Equal(KeyFileFault.NotFound, fault);
        Assert.False(PeerIdentity.TryLoad(_folder, out _, out fault));
        Assert.Equal(KeyFileFault.Unreadable, fault);
        Assert.False(PeerIdentity.TryLoad(Write(new string('a', 20_000)), out _, out fault));
        Assert.Equal(KeyFileFault.Unreadable, fault);
    }

    [Theory]
    [InlineData(96, 0)]
    [InlineData(64, 32)]   // the public half changed
    [InlineData(96, 64)]   // its old second copy changed
    public void Ed25519_private_key_must_agree_with_its_public_copies(int length, int changedAt)
    {
        byte[] seedAndKey = Convert.FromHexString(
            "7e0830617c4a7de83925dfb2694556b12936c477a0e1feb2e148ec9da60fee7d1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e");
        byte[] data = [.. seedAndKey, .. seedAndKey.AsSpan(32)];
        if (changedAt > 0) data[changedAt] ^= 1;
        byte[] message = [0x08, 1, 0x12, (byte)length, .. data.AsSpan(0, length)];
        KeyFileFault fault = PeerIdentity.TryRead(message, out PeerIdentity? identity);
        using (identity) Assert.Equal(changedAt == 0 ? KeyFileFault.None : KeyFileFault.Malformed, fault);
    }

    [Fact]
    public void Rsa_identity_is_not_created() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => PeerIdentity.Create(KeyType.Rsa));

    [Fact]
    public void Identity_prints_its_id_only()
    {
        using PeerIdentity identity = PeerIdentity.Create(KeyType.Secp256k1);
        Assert.Equal(identity.Id.ToString(), identity.ToString());
    }

    private string Write(string text)
    {
        string path = Path.Combine(_folder, "key");
        File.WriteAllText(path, text);
        return path;
    }
}
