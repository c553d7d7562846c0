namespace OpSync.Cli.Configuration;

/// <summary>Every setting of <c>opsync up</c>, <c>silo</c> and <c>gateway</c>. The table in docs/operations.md has the same rows, which a test holds.</summary>
internal static class SettingTable
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        new("dataDir", SettingKind.Path, "opsync-data", "Directory of everything that is kept"),
        new("postgres", SettingKind.Text, "", "Connection string of a PostgreSQL database that keeps blocks and state in place of dataDir"),
        new("postgresMigrate", SettingKind.Switch, "true", "Bring an older database schema up to date at start"),
        new("memoryBudgetMib", SettingKind.Whole, "128", "Payloads in memory while they are fetched, in MiB, 32 or more"),
        new("chains[].network", SettingKind.Text, "", "Name of a known network; or else a rollup file"),
        new("chains[].rollup", SettingKind.Path, "", "Rollup configuration file, as op-node writes it"),
        new("chains[].name", SettingKind.Text, "the network's name, or chain-ID", "Name in paths and for people: letters, digits and dashes"),
        new("chains[].dataDir", SettingKind.Path, "dataDir/CHAIN-ID", "Directory of this chain's blocks"),
        new("chains[].peers", SettingKind.List, "", "Multiaddrs with peer ids: dialled at start, never forgotten"),
        new("chains[].anchors", SettingKind.List, "", "Trusted blocks as NUMBER:HASH"),
        new("chains[].source", SettingKind.Text, "", "URL of a trusted op-node or execution client: tells safe, finalized and L1 references"),
        new("chains[].sourceKind", SettingKind.Text, "opNode", "What the source is: opNode or execution"),
        new("chains[].trustPosted", SettingKind.Switch, "false", "Blocks an administrator posts by JSON-RPC are stored on his word"),
        new("p2p.listen", SettingKind.List, "/ip4/0.0.0.0/tcp/9223", "Addresses for libp2p; 'none' for no listener"),
        new("p2p.key", SettingKind.Path, "dataDir/identity.key", "Identity file, made on first use"),
        new("p2p.keyDir", SettingKind.Path, "", "Directory with the identities of a cluster's silos, opsync-silo-N.key for the silo whose name ends in -N"),
        new("p2p.peerRate", SettingKind.Decimal, "learned, from 4 on", "Blocks per second to ask of one peer; op-node grants 4"),
        new("p2p.serveRate", SettingKind.Decimal, "20", "Blocks per second served to one peer; all together get twenty times that"),
        new("p2p.allow", SettingKind.List, "", "Peer ids, IP addresses and subnets that may connect whatever is said of them otherwise"),
        new("p2p.block", SettingKind.List, "", "Peer ids, IP addresses and subnets that may not connect and are not dialled"),
        new("p2p.allowOnly", SettingKind.Switch, "false", "Nobody may connect, and nobody is dialled, but those in p2p.allow"),
        new("http.listen", SettingKind.List, "127.0.0.1:8645", "Addresses of the gateway; other than loopback needs a token"),
        new("http.hosts", SettingKind.List, "", "Host names that requests may be sent to, besides addresses and localhost; none for every name"),
        new("http.openRead", SettingKind.Switch, "false", "Reads need no token"),
        new("http.jwtSecret", SettingKind.Path, "", "File with 32 bytes in hex; an HS256 JWT with iat within 60 s has every scope"),
        new("http.tokens[].name", SettingKind.Text, "", "Name of a token, for logs and limits"),
        new("http.tokens[].hash", SettingKind.Text, "", "SHA-256 of the token in hex, as 'opsync token new' prints it"),
        new("http.tokens[].scopes", SettingKind.List, "", "read, sync and admin, as far as they are granted"),
        new("http.limits.anonymousRate", SettingKind.Whole, "200", "Requests per second of a caller without a token"),
        new("http.limits.tokenRate", SettingKind.Whole, "20000", "Requests per second of a caller with a token"),
        new("http.limits.connections", SettingKind.Whole, "4096", "Open connections"),
        new("http.limits.bodyBytes", SettingKind.Whole, "65536", "Bytes of a request's body"),
        new("http.limits.streams", SettingKind.Whole, "512", "Block streams in all"),
        new("http.limits.callerStreams", SettingKind.Whole, "64", "Block streams of one caller"),
        new("http.limits.subscribers", SettingKind.Whole, "2048", "Subscribers of live events in all"),
        new("http.limits.callerSubscribers", SettingKind.Whole, "1024", "Subscribers of live events of one caller"),
        new("http.limits.blockBytesMib", SettingKind.Whole, "64", "Blocks on their way to callers, in MiB, 16 or more"),
        new("http.limits.rpcAnswersMib", SettingKind.Whole, "96", "Answers of JSON-RPC that callers have not taken yet, in MiB, 48 or more"),
        new("http.limits.rpcBlocks", SettingKind.Whole, "4", "Blocks that JSON-RPC unpacks at a time; half of them for one caller. Each keeps a core busy"),
        new("cluster.id", SettingKind.Text, "opsync", "Silos and gateways with one id in one database are one cluster"),
        new("cluster.service", SettingKind.Text, "opsync", "Name of the service across clusters that follow one another: reminders are kept under it"),
        new("cluster.siloName", SettingKind.Text, "the host's name", "Name of a silo, for people and for its identity"),
        new("cluster.address", SettingKind.Text, "the host's address", "IP address at which silos and gateways reach this silo"),
        new("cluster.siloPort", SettingKind.Whole, "11111", "Port of a silo for other silos"),
        new("cluster.gatewayPort", SettingKind.Whole, "30000", "Port of a silo for gateways"),
        new("cluster.fastFailover", SettingKind.Switch, "false", "A silent silo counts as dead within seconds instead of half a minute; the same for all of a cluster"),
        new("health.listen", SettingKind.Text, "127.0.0.1:8646", "Address of a silo's /healthz, /readyz and /metrics"),
        new("log.level", SettingKind.Text, "information", "trace, debug, information, warning or error"),
        new("log.json", SettingKind.Switch, "false", "One JSON object per line"),
        new("otlp.endpoint", SettingKind.Text, "", "Where metrics and traces are sent with OTLP over gRPC, for instance http://127.0.0.1:4317"),
    ];

    /// <summary>The setting of a path with indices, or null.</summary>
    public static Setting? Find(string path) => All.FirstOrDefault(s => s.Matches(path));
}
