using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using OpSync.Cli.Commands;
using OpSync.Cli.Local;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Gateway;
using OpSync.Gateway.Rpc;
using OpSync.Gateway.Rpc.Sources;
using OpSync.Gateway.Security;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Silo.Peering;
using OpSync.Storage.Postgres;

namespace OpSync.Cli.Configuration;

/// <summary>Makes a plan of values; every mistake becomes a problem of the values. What a role does not use is not looked at.</summary>
internal sealed class UpPlanner(SettingValues values, Role role)
{
    private const int ChainsMax = 64;
    private const int TokensMax = 256;

    private readonly ClusterValues _cluster = new(values);

    /// <summary>The plan, or null if there are problems.</summary>
    public UpPlan? Make()
    {
        string dataDir = Path.GetFullPath(values.Text("dataDir") ?? "opsync-data");
        IReadOnlyList<ChainPlan> chains = Chains(dataDir);
        ClusterPlan? cluster = role == Role.Up ? null : _cluster.Cluster();
        double? peerRate = values.Has("p2p.peerRate") ? values.Decimal("p2p.peerRate", 4, 1e6) : null;
        double serveRate = values.Decimal("p2p.serveRate", 20, 1e6);
        long budget = (long)values.Whole("memoryBudgetMib", 128, 32, 1 << 20) << 20;
        LogLevel level = Level();
        IReadOnlyList<Multiaddr> listen = role == Role.Gateway ? [] : P2pListen();
        IReadOnlyList<AccessEntry> allow = Access("p2p.allow"), block = Access("p2p.block");
        bool allowOnly = role != Role.Gateway && values.Switch("p2p.allowOnly");
        if (allowOnly && !values.Has("p2p.allow")) values.Fault("p2p.allowOnly", "Nobody could connect, and nobody would be dialled: name in p2p.allow who may.");
        string keyFile = KeyFile(dataDir, cluster);
        Uri? otlp = Url("otlp.endpoint");
        GatewaySettings? gateway = role == Role.Silo ? null : Gateway(chains, otlp);
        IPEndPoint? health = role == Role.Silo ? _cluster.HealthListen() : null;
        PostgresOptions? postgres = Postgres();
        return values.Problems.Count > 0 ? null : new UpPlan
        {
            Role = role,
            DataDir = dataDir,
            Postgres = postgres,
            Chains = chains,
            Listen = listen,
            Allow = allow,
            Block = block,
            AllowOnly = allowOnly,
            KeyFile = keyFile,
            HasKeyDir = role == Role.Silo && values.Has("p2p.keyDir"),
            Peers = SyncCommand.PeerOptions(peerRate),
            Serve = ServeCommand.Rates(serveRate),
            MemoryBudget = budget,
            LogLevel = level,
            JsonLogs = values.Switch("log.json"),
            Gateway = gateway,
            Cluster = cluster,
            HealthListen = health,
            OtlpEndpoint = otlp,
        };
    }

    private string KeyFile(string dataDir, ClusterPlan? cluster)
    {
        string fallback = Path.Combine(dataDir, IdentityFile.DefaultName);
        string file = role == Role.Silo ? _cluster.KeyFile(fallback, cluster!.SiloName) : values.Text("p2p.key") ?? fallback;
        if (values.Has("p2p.key") && File.Exists(file))
        {
            try
            {
                IdentityFile.Load(file).Dispose();
            }
            catch (Exception e) when (e is UsageException or IOException or UnauthorizedAccessException)
            {
                values.Fault("p2p.key", e.Message);
            }
        }

        return file;
    }

    private PostgresOptions? Postgres()
    {
        if (values.Text("postgres") is not { } connection)
        {
            if (role != Role.Up) values.Fault("postgres", "A cluster is held together by its database: name it, here or with OPSYNC_POSTGRES. One process alone runs with 'opsync up'.");
            return null;
        }

        PostgresOptions options = new() { ConnectionString = connection, MigrateAtStart = !values.Has("postgresMigrate") || values.Switch("postgresMigrate") };
        try
        {
            options.CheckConnectionString();
        }
        catch (DatabaseRefusedException e)
        {
            values.Fault("postgres", e.Message);
        }

        return options;
    }

    private List<ChainPlan> Chains(string dataDir)
    {
        List<ChainPlan> chains = [];
        IReadOnlyList<int> entries = values.Entries("chains");
        if (entries.Count == 0 && !values.HasUnreadFile && !values.Problems.Exists(static p => p.Path.StartsWith("chains", StringComparison.Ordinal))) values.Fault("chains", "At least one chain is needed: {\"network\": \"op-mainnet\"} or {\"rollup\": \"rollup.json\"}; on the command line --network or --rollup.");
        if (entries.Count > ChainsMax) values.Fault("chains", $"{entries.Count} chains are more than {ChainsMax}.");
        foreach (int i in entries.Take(ChainsMax))
        {
            string at = $"chains[{i}]";
            if (Spec(at) is not { } spec) continue;
            string name = values.Text($"{at}.name") ?? values.Text($"{at}.network") ?? $"chain-{spec.ChainId}";
            if (name.Length > 64 || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c != '-') || name.All(char.IsAsciiDigit))
            {
                values.Fault($"{at}.name", $"'{name}' must be of letters, digits and dashes, with at least one that is no digit.");
            }

            if (chains.Find(c => c.Spec.ChainId == spec.ChainId || c.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } twin) values.Fault(at, $"Chain {spec.ChainId} '{name}' has the id or the name of another one, '{twin.Name}'.");
            string directory = Path.GetFullPath(values.Text($"{at}.dataDir") ?? Path.Combine(dataDir, spec.ChainId.ToString(CultureInfo.InvariantCulture)));
            if (chains.Find(c => c.DataDir == directory) is { } other) values.Fault($"{at}.dataDir", $"'{directory}' is the directory of chain '{other.Name}': each chain has its own.");
            chains.Add(new ChainPlan(
                name, spec, directory,
                Read($"{at}.peers", t => CommonOptions.Address("Peer", t, needsPeer: true)), Read($"{at}.anchors", t => Anchor(t, spec)), Rpc(at, spec)));
        }

        return chains;
    }

    private static BlockId Anchor(string text, ChainSpec spec)
    {
        BlockId anchor = CommonOptions.Block("Anchor", text);
        return anchor.Number > spec.Genesis.Number || anchor == spec.Genesis
            ? anchor
            : throw new UsageException($"Anchor '{text}' is none of this chain, whose genesis block is {spec.Genesis}.");
    }

    private RpcChain Rpc(string at, ChainSpec spec)
    {
        TrustedSourceSettings? source = null;
        string kind = values.Text($"{at}.sourceKind") ?? "opNode";
        if (kind is not ("opNode" or "execution")) values.Fault($"{at}.sourceKind", $"'{kind}' is not opNode or execution.");
        if (Url($"{at}.source") is { } url)
        {
            source = new TrustedSourceSettings(url, kind == "execution" ? TrustedSourceKind.Execution : TrustedSourceKind.OpNode);
        }

        // The file has keys that say nothing about blocks and that callers ask for all the same; it was read a moment ago.
        string? rollup = values.Text($"{at}.rollup");
        return new RpcChain(spec)
        {
            RollupConfigJson = rollup is not null && File.Exists(rollup) ? File.ReadAllBytes(rollup) : default(ReadOnlyMemory<byte>?),   // a plain null would become no bytes at all
            Source = source,
            TrustPostedBlocks = values.Switch($"{at}.trustPosted"),
        };
    }

    private ChainSpec? Spec(string at)
    {
        try
        {
            return CommonOptions.Chain(values.Text($"{at}.network"), values.Text($"{at}.rollup"));
        }
        catch (UsageException e)
        {
            string path = values.Has($"{at}.network") ? $"{at}.network" : values.Has($"{at}.rollup") ? $"{at}.rollup" : at;
            values.Fault(path, e.Message.Replace("--", "", StringComparison.Ordinal));
            return null;
        }
    }

    private List<T> Read<T>(string path, Func<string, T> read)
    {
        List<T> items = [];
        foreach (string text in values.List(path))
        {
            try
            {
                items.Add(read(text));
            }
            catch (UsageException e)
            {
                values.Fault(path, e.Message);
            }
        }

        return items;
    }

    private IReadOnlyList<Multiaddr> P2pListen()
    {
        const string path = "p2p.listen";
        if (!values.Has(path)) return [CommonOptions.ListenAddress("/ip4/0.0.0.0/tcp/9223")];
        return values.List(path) is ["none"] ? [] : Read(path, static t => CommonOptions.ListenAddress(t, "Address"));
    }

    private IReadOnlyList<AccessEntry> Access(string path) => role == Role.Gateway ? [] : Read(path, static text => AccessEntry.TryParse(text, out AccessEntry? entry)
        ? entry
        : throw new UsageException($"'{text}' is neither a peer id nor an IP address nor a subnet such as 192.0.2.0/24."));

    private LogLevel Level()
    {
        string text = values.Text("log.level") ?? "information";
        if (Enum.TryParse(text, ignoreCase: true, out LogLevel level) && level is >= LogLevel.Trace and <= LogLevel.Error) return level;
        values.Fault("log.level", $"'{text}' is not trace, debug, information, warning or error.");
        return LogLevel.Information;
    }

    private GatewaySettings Gateway(IReadOnlyList<ChainPlan> chains, Uri? otlp)
    {
        GatewayLimits defaults = new();
        List<GatewayToken> tokens = Tokens();
        byte[]? secret = JwtSecret();
        List<IPEndPoint> listen = HttpListen();
        if (tokens.Count == 0 && secret is null && listen.Find(e => !IPAddress.IsLoopback(e.Address)) is { } open)
        {
            values.Fault("http.listen", $"{open} can be reached from other machines: configure a token first ('opsync token new'), or listen on 127.0.0.1.");
        }

        long blockBytes = (long)values.Whole("http.limits.blockBytesMib", 64, 16, 1 << 20) << 20;
        int rpcBlocks = values.Whole("http.limits.rpcBlocks", 4, 1, 1_024);
        return new GatewaySettings
        {
            Chains = [.. chains.Select(c => new GatewayChain(c.Name, c.Spec) { Rpc = c.Rpc })],
            Listen = listen,
            Tokens = tokens,
            JwtSecret = secret,
            Hosts = HttpHosts(),
            OpenRead = values.Switch("http.openRead"),
            OtlpEndpoint = otlp,
            Limits = defaults with
            {
                AnonymousRate = values.Whole("http.limits.anonymousRate", defaults.AnonymousRate, 1, 1_000_000),
                TokenRate = values.Whole("http.limits.tokenRate", defaults.TokenRate, 1, 1_000_000),
                ConnectionsMax = values.Whole("http.limits.connections", defaults.ConnectionsMax, 16, 1_000_000),
                BodyBytesMax = values.Whole("http.limits.bodyBytes", defaults.BodyBytesMax, 1 << 10, 16 << 20),
                StreamsMax = values.Whole("http.limits.streams", defaults.StreamsMax, 1, 100_000),
                CallerStreamsMax = values.Whole("http.limits.callerStreams", defaults.CallerStreamsMax, 1, 100_000),
                SubscribersMax = values.Whole("http.limits.subscribers", defaults.SubscribersMax, 1, 100_000),
                CallerSubscribersMax = values.Whole("http.limits.callerSubscribers", defaults.CallerSubscribersMax, 1, 100_000),
                BlockBytesMax = blockBytes,
                CallerBlockBytesMax = Math.Min(defaults.CallerBlockBytesMax, blockBytes),
            },
            RpcLimits = new RpcLimits
            {
                AnswersBytesMax = (long)values.Whole("http.limits.rpcAnswersMib", 96, 48, 1 << 20) << 20,
                BlocksMax = rpcBlocks,
                CallerBlocksMax = (rpcBlocks + 1) / 2,
            },
            Version = UpPlan.Version,
        };
    }

    private IReadOnlyList<string> HttpHosts()
    {
        const string path = "http.hosts";
        IReadOnlyList<string> hosts = values.List(path);
        foreach (string host in hosts.Where(static h => Uri.CheckHostName(h) == UriHostNameType.Unknown)) values.Fault(path, $"'{host}' is no host name; leave scheme and port out.");
        return hosts;
    }

    private List<IPEndPoint> HttpListen()
    {
        const string path = "http.listen";
        if (!values.Has(path)) return [new IPEndPoint(IPAddress.Loopback, GatewaySettings.DefaultPort)];
        List<IPEndPoint> listen = [];
        foreach (string text in values.List(path))
        {
            if (SettingValues.TryEndPoint(text, out IPEndPoint? endpoint)) listen.Add(endpoint);
            else values.Fault(path, $"'{text}' is not ADDRESS:PORT, for instance 127.0.0.1:8645 or [::1]:8645.");
        }

        if (values.List(path).Count == 0) values.Fault(path, "At least one address is needed.");
        return listen;
    }

    private List<GatewayToken> Tokens()
    {
        List<GatewayToken> tokens = [];
        IReadOnlyList<int> entries = values.Entries("http.tokens");
        if (entries.Count > TokensMax) values.Fault("http.tokens", $"{entries.Count} tokens are more than {TokensMax}.");
        foreach (int i in entries.Take(TokensMax))
        {
            string at = $"http.tokens[{i}]";
            byte[] hash = new byte[32];
            if (!Hex.TryDecodeExact(values.Text($"{at}.hash")?.Replace("sha256:", "", StringComparison.Ordinal), hash))
            {
                values.Fault($"{at}.hash", "must be the SHA-256 of the token, 64 hex digits: 'opsync token new' prints it.");
            }

            GatewayScopes scopes = GatewayScopes.None;
            foreach (string text in values.List($"{at}.scopes"))
            {
                if (text is "read" or "sync" or "admin") scopes |= Enum.Parse<GatewayScopes>(text, ignoreCase: true);
                else values.Fault($"{at}.scopes", $"'{text}' is not read, sync or admin.");
            }

            if (scopes == GatewayScopes.None) values.Fault($"{at}.scopes", "grants nothing: name read, sync or admin.");
            string name = values.Text($"{at}.name") ?? $"token-{i}";
            if (name.Length > 64 || tokens.Exists(t => t.Name == name)) values.Fault($"{at}.name", $"'{name}' must be unique and have at most 64 characters.");
            tokens.Add(new GatewayToken(name, hash, scopes));
        }

        return tokens;
    }

    private byte[]? JwtSecret()
    {
        const string path = "http.jwtSecret";
        if (values.Text(path) is not { } file) return null;
        byte[] secret = new byte[32];
        try
        {
            if (new FileInfo(file).Length <= 1_024 && Hex.TryDecodeExact(File.ReadAllText(file).Trim(), secret)) return secret;
            values.Fault(path, "the file must hold 64 hex digits and nothing else.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            values.Fault(path, $"the file cannot be read: {e.Message}");
        }

        return null;
    }

    private Uri? Url(string path)
    {
        if (values.Text(path) is not { } text) return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is ("http" or "https")) return uri;
        values.Fault(path, $"'{text}' is not an http or https URL.");
        return null;
    }
}
