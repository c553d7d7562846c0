using OpSync.Libp2p.Identity;

namespace OpSync.Cli.Local;

/// <summary>The libp2p identity of a process: the key file named, or one in the data directory that is made on first use.</summary>
internal static class IdentityFile
{
    public const string DefaultName = "identity.key";

    public static PeerIdentity Load(string path) => PeerIdentity.TryLoad(path, out PeerIdentity? identity, out KeyFileFault fault)
        ? identity
        : throw new UsageException($"The key file '{path}' cannot be used: {fault}. Make one with 'opsync key new --out FILE'.");

    public static PeerIdentity LoadOrCreate(string path)
    {
        if (File.Exists(path)) return Load(path);
        PeerIdentity identity = PeerIdentity.Create(KeyType.Secp256k1);
        identity.Save(path);
        return identity;
    }
}
