using System.CommandLine;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Storage;
using OpSync.Storage.Postgres;

namespace OpSync.Cli.Commands;

/// <summary>Options that several commands share, and the reading of their values. A value that cannot be read is named in the error.</summary>
internal static class CommonOptions
{
    public static Option<string?> Network() => new("--network") { Description = "Name of a known network: " + string.Join(", ", Networks.Names), HelpName = "NAME" };

    public static Option<string?> Rollup() => new("--rollup") { Description = "Rollup configuration file, as op-node writes it", HelpName = "FILE" };

    public static Option<string> DataDir() => new("--data-dir") { Description = "Directory of the stored blocks", HelpName = "DIR", Required = true };

    /// <summary>Names the database where no flag does; the setting of <c>opsync up</c> has the same variable.</summary>
    public const string PostgresVariable = "OPSYNC_POSTGRES";

    public static Option<string?> Postgres() => new("--postgres") { Description = $"Connection string; without it the environment variable {PostgresVariable}", HelpName = "TEXT" };

    /// <summary>What a connection string names.</summary>
    public static PostgresOptions Database(string connection)
    {
        PostgresOptions options = new() { ConnectionString = connection };
        try
        {
            options.CheckConnectionString();
            return options;
        }
        catch (DatabaseRefusedException e)
        {
            throw new UsageException(e.Message);
        }
    }

    public static Option<bool> Json() => new("--json") { Description = "Print one JSON object as the last line of stdout" };

    public static Option<string?> Anchor(string description) => new("--anchor") { Description = description, HelpName = "NUMBER:HASH" };

    /// <summary>The chain that --network or --rollup name.</summary>
    public static ChainSpec Chain(string? network, string? rollup)
    {
        if (network is not null && rollup is not null) throw new UsageException("Give either --network or --rollup, not both.");
        if (network is not null)
        {
            return Networks.TryGet(network, out ChainSpec? known)
                ? known
                : throw new UsageException($"Unknown network '{network}'. Known networks: {string.Join(", ", Networks.Names)}. For another chain give --rollup FILE.");
        }

        if (rollup is null) throw new UsageException("Give --network NAME or --rollup FILE.");
        byte[] json;
        try
        {
            json = File.ReadAllBytes(rollup);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The rollup file '{rollup}' cannot be read: {e.Message}");
        }

        return RollupConfig.TryRead(json, out ChainSpec? chain, out string? problem)
            ? chain
            : throw new UsageException($"The rollup file '{rollup}' is not a rollup configuration: {problem}");
    }

    /// <summary>The known network that a data directory belongs to.</summary>
    public static ChainSpec ChainOf(ChainIdentity identity)
    {
        foreach (string name in Networks.Names)
        {
            if (Networks.TryGet(name, out ChainSpec? chain) && chain.ChainId == identity.ChainId && chain.Genesis.Hash == identity.GenesisHash) return chain;
        }

        throw new UsageException($"The data directory belongs to chain {identity.ChainId}, which is no known network: give --rollup FILE.");
    }

    /// <summary>A block named NUMBER:HASH.</summary>
    public static BlockId Block(string option, string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0
            && ulong.TryParse(text.AsSpan(0, colon), System.Globalization.NumberStyles.None, null, out ulong number)
            && Hash32.TryParse(text[(colon + 1)..], out Hash32 hash)
                ? new BlockId(number, hash)
                : throw new UsageException($"{option} '{text}' is not NUMBER:HASH, for instance 109279679:0x352169a828ac9ccb594e907135d07bfa7a75b3ebe5c53fb256f27e8b264cca83.");
    }

    /// <summary>An address of this machine to listen on.</summary>
    public static Multiaddr ListenAddress(string text, string option = "--listen") => Multiaddr.TryParse(text, out Multiaddr? address) && address is { TcpPort: not null, IpAddress: not null }
        ? address
        : throw new UsageException($"{option} '{text}' must be a TCP multiaddr of an IP address, for instance /ip4/0.0.0.0/tcp/9223.");

    /// <summary>A multiaddr; with <paramref name="needsPeer"/> it must end in /p2p/ID.</summary>
    public static Multiaddr Address(string option, string text, bool needsPeer)
    {
        if (!Multiaddr.TryParse(text, out Multiaddr? address) || address.TcpPort is null)
        {
            throw new UsageException($"{option} '{text}' is not a TCP multiaddr, for instance /ip4/10.0.0.7/tcp/9222/p2p/16Uiu2HA...");
        }

        return !needsPeer || address.PeerId is not null
            ? address
            : throw new UsageException($"{option} '{text}' does not name the peer: it must end in /p2p/PEER-ID, so that nobody else can answer in its place.");
    }
}
