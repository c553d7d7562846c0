namespace OpSync.Gateway.Json;

/// <summary>An error (RFC 9457).</summary>
internal sealed record ProblemJson
{
    public required string Type { get; init; }

    public required string Title { get; init; }

    public required int Status { get; init; }

    /// <summary>Stable name of the error, for programs.</summary>
    public required string Code { get; init; }

    /// <summary>What is wrong and what to do, for people.</summary>
    public required string Detail { get; init; }
}

/// <summary>A block by height and hash.</summary>
internal sealed record BlockIdJson
{
    public required ulong Number { get; init; }

    public required string Hash { get; init; }
}

/// <summary>One page of a list.</summary>
/// <param name="Items">In the order of the list.</param>
/// <param name="Next">Give it as <c>cursor</c> for the next page; null on the last.</param>
internal sealed record PageJson<T>(T[] Items, string? Next);

/// <summary>What is trusted, and how far.</summary>
internal sealed record AnchorJson
{
    public required ulong Number { get; init; }

    public required string Hash { get; init; }

    /// <summary>caller, signed, configured, safe or finalized.</summary>
    public string Rank { get; set; } = "configured";   // generated code gives an init property no default
}

/// <summary>A run of stored, hash-linked blocks.</summary>
internal sealed record IslandJson
{
    public required ulong First { get; init; }

    public required ulong Last { get; init; }

    public required string LastHash { get; init; }
}

/// <summary>A chain in short.</summary>
internal sealed record ChainJson
{
    public required ulong ChainId { get; init; }

    public required string Name { get; init; }

    /// <summary>Highest stored block of a run, or null if nothing is stored.</summary>
    public required BlockIdJson? Stored { get; init; }

    /// <summary>Safe head as a trusted source told it, or null.</summary>
    public required BlockIdJson? Safe { get; init; }

    /// <summary>Finalized head as a trusted source told it, or null.</summary>
    public required BlockIdJson? Finalized { get; init; }

    /// <summary>Blocks stored.</summary>
    public required ulong Blocks { get; init; }

    public required int Anchors { get; init; }

    public required int OpenRanges { get; init; }

    public required int Peers { get; init; }

    public required int UsablePeers { get; init; }
}

/// <summary>A chain in full.</summary>
internal sealed record ChainDetailJson
{
    public required ChainJson Chain { get; init; }

    public required BlockIdJson Genesis { get; init; }

    /// <summary>Highest first, at most 100; the list of anchors has all.</summary>
    public required AnchorJson[] Anchors { get; init; }

    /// <summary>Ascending, at most 1,000 runs, the highest ones.</summary>
    public required IslandJson[] Islands { get; init; }

    /// <summary>Runs there are.</summary>
    public required int IslandCount { get; init; }

    /// <summary>Who tells the safe and finalized heads; none if nobody is configured.</summary>
    public required SourceJson[] Sources { get; init; }

    public required string[] OpenRanges { get; init; }

    public required string[] Peers { get; init; }

    public required string[] UsablePeers { get; init; }
}

/// <summary>A trusted source of a chain.</summary>
internal sealed record SourceJson
{
    /// <summary>opNode or execution.</summary>
    public required string Kind { get; init; }

    /// <summary>Host and port that are asked.</summary>
    public required string Host { get; init; }

    /// <summary>Why it tells nothing now, or null if it does.</summary>
    public required string? Problem { get; init; }
}

/// <summary>A wish for blocks.</summary>
internal sealed record RangePostJson
{
    /// <summary>Chain id or name.</summary>
    public required string Chain { get; init; }

    /// <summary>Lowest height, included; at least that of the genesis block, which peers serve as any other.</summary>
    public required ulong First { get; init; }

    /// <summary>Highest height, included.</summary>
    public required ulong Last { get; init; }

    /// <summary>Trusted block at <c>last</c> or up to 8,192 above; without it the chain's own anchors must cover the range.</summary>
    public BlockIdJson? Anchor { get; init; }

    /// <summary>The block that the lowest one must name as its parent, at <c>first - 1</c>.</summary>
    public BlockIdJson? LowerLink { get; init; }

    /// <summary>Greater is more urgent; 0 is normal, from -100 to 100. An open range that is posted again takes it; left out, it keeps
    /// its own.</summary>
    public int? Priority { get; init; }

    /// <summary>Id of the peer to ask first. An open range that is posted again takes it; left out, it keeps its own.</summary>
    public string? PreferredPeer { get; init; }

    /// <summary>When the range ends by itself, done or not. With another one a range is another range, which shares the downloads.</summary>
    public DateTimeOffset? Deadline { get; init; }
}

/// <summary>Where a range stands.</summary>
internal sealed record RangeJson
{
    public required string Id { get; init; }

    public required ulong ChainId { get; init; }

    public required ulong First { get; init; }

    public required ulong Last { get; init; }

    /// <summary>running, paused, complete, anchorMismatch, doesNotAttach, deadlinePassed or cancelled.</summary>
    public required string State { get; init; }

    /// <summary>Heights of the range that are durable.</summary>
    public required ulong Stored { get; init; }

    /// <summary>Heights of the range.</summary>
    public required ulong Total { get; init; }

    /// <summary>Payload bytes received since the range was last woken.</summary>
    public required long Bytes { get; init; }

    /// <summary>Highest height not yet linked to the anchor, or null.</summary>
    public required ulong? Cursor { get; init; }

    /// <summary>Requests open.</summary>
    public required int InFlight { get; init; }

    /// <summary>Blocks fetched and not yet durable.</summary>
    public required int Quarantined { get; init; }

    /// <summary>Why it does not move, or null if it moves.</summary>
    public required StallJson? Stall { get; init; }

    /// <summary>Blocks that became durable per second, smoothed over the last seconds.</summary>
    public required double BlocksPerSecond { get; init; }

    /// <summary>Bytes of those blocks per second.</summary>
    public required double BytesPerSecond { get; init; }

    /// <summary>Time left, as a range; or why nothing can be said.</summary>
    public required TimeLeftJson TimeLeft { get; init; }

    /// <summary>Who gave what since the range was last woken: at most 16 peers, the most bytes first.</summary>
    public required ShareJson[] Shares { get; init; }

    /// <summary>When it ends by itself, or null.</summary>
    public required DateTimeOffset? Deadline { get; init; }

    /// <summary>Its own priority, or that of the most urgent range that waits for it.</summary>
    public required int Priority { get; init; }

    /// <summary>Heights that hold it up, at most 16.</summary>
    public required ulong[] Missing { get; init; }

    /// <summary>Evidence of disagreement, newest last, at most 16.</summary>
    public required ContradictionJson[] Contradictions { get; init; }
}

/// <summary>How long a range will take, in seconds.</summary>
internal sealed record TimeLeftJson
{
    public required double? LowSeconds { get; init; }

    public required double? HighSeconds { get; init; }

    /// <summary>Why nothing can be said, or null.</summary>
    public required string? Unknown { get; init; }
}

/// <summary>What one peer gave to a range.</summary>
internal sealed record ShareJson
{
    public required string PeerId { get; init; }

    public required long Blocks { get; init; }

    public required long Bytes { get; init; }
}

/// <summary>A peer, an address or a subnet that every silo keeps out.</summary>
internal sealed record BlockedJson
{
    /// <summary>Peer id, IP address or subnet.</summary>
    public required string Subject { get; init; }

    /// <summary>peer, address or subnet.</summary>
    public required string Kind { get; init; }

    /// <summary>True if an operator blocked it, false if it is banned for what it did.</summary>
    public required bool ByOperator { get; init; }

    /// <summary>When that ends; null for until it is unblocked.</summary>
    public required DateTimeOffset? Until { get; init; }

    /// <summary>Addresses that are closed on account of a peer.</summary>
    public required string[] Addresses { get; init; }
}

/// <summary>An address or a subnet to keep out.</summary>
internal sealed record BlockPostJson
{
    /// <summary>IP address or subnet: 192.0.2.7, 192.0.2.0/24.</summary>
    public required string Network { get; init; }

    /// <summary>For how long; null for until it is unblocked.</summary>
    public int? Seconds { get; init; }
}

/// <summary>Something that was told of live and is no more: a peer that was removed, a range that was forgotten.</summary>
internal sealed record GoneJson
{
    /// <summary>peer or range: the type of its events.</summary>
    public required string Kind { get; init; }

    /// <summary>Its id, as in its own JSON.</summary>
    public required string Id { get; init; }

    /// <summary>From a key of the live log.</summary>
    public static GoneJson Of(string key)
    {
        int slash = key.IndexOf('/', StringComparison.Ordinal);
        return new GoneJson { Kind = key[..slash], Id = key[(slash + 1)..] };
    }
}

/// <summary>Why a range does not move.</summary>
internal sealed record StallJson
{
    /// <summary>For programs.</summary>
    public required string Code { get; init; }

    /// <summary>For people.</summary>
    public required string Text { get; init; }
}

/// <summary>Two hashes for one height.</summary>
internal sealed record ContradictionJson
{
    public required ulong Number { get; init; }

    public required string Expected { get; init; }

    public required string Found { get; init; }

    public required string Source { get; init; }
}

/// <summary>A peer to ask.</summary>
internal sealed record PeerPostJson
{
    /// <summary>Chain id or name.</summary>
    public required string Chain { get; init; }

    /// <summary>TCP multiaddr that ends in the peer id: <c>/ip4/10.0.0.7/tcp/9222/p2p/16Uiu2HA...</c>.</summary>
    public required string Address { get; init; }
}

/// <summary>What is known of a peer.</summary>
internal sealed record PeerJson
{
    public required string PeerId { get; init; }

    public required string[] Addresses { get; init; }

    public required ulong[] Chains { get; init; }

    /// <summary>Named in the configuration: never forgotten, rested instead of banned.</summary>
    public required bool Configured { get; init; }

    public required bool Connected { get; init; }

    /// <summary>Protected from bans by an operator.</summary>
    public required bool Protected { get; init; }

    /// <summary>Requests per second that it is asked at most, as learned.</summary>
    public required double Rate { get; init; }

    /// <summary>ok, resting, banned, blocked or the problem in words.</summary>
    public required string State { get; init; }

    public required string Agent { get; init; }

    public required double Score { get; init; }

    public required DateTimeOffset? BannedUntil { get; init; }

    public required DateTimeOffset? RestingUntil { get; init; }

    public required int InFlight { get; init; }

    public required long Requests { get; init; }

    public required long Ok { get; init; }

    public required long NotFound { get; init; }

    public required long RateLimited { get; init; }

    public required long Timeouts { get; init; }

    public required long Failed { get; init; }

    public required long Malformed { get; init; }

    public required long Rejected { get; init; }

    /// <summary>Payload bytes received.</summary>
    public required long Bytes { get; init; }

    /// <summary>Ids of the ranges that gave it work within the last seconds, at most 16.</summary>
    public required string[] Ranges { get; init; }

    /// <summary>Latest changes of the score, newest first.</summary>
    public required LedgerJson[] Ledger { get; init; }
}

/// <summary>One change of a score.</summary>
internal sealed record LedgerJson
{
    public required DateTimeOffset When { get; init; }

    public required string Reason { get; init; }

    public required double Amount { get; init; }
}

/// <summary>The service in short.</summary>
internal sealed record StatusJson
{
    public required string Version { get; init; }

    public required DateTimeOffset Now { get; init; }

    public required double UptimeSeconds { get; init; }

    /// <summary>What a caller without a token may do: none, read or all.</summary>
    public required string Anonymous { get; init; }

    public required ChainJson[] Chains { get; init; }
}

/// <summary>Health for probes.</summary>
internal sealed record HealthJson
{
    public required bool Ok { get; init; }

    /// <summary>What is not well, in words.</summary>
    public required string[] Problems { get; init; }
}

/// <summary>The header fields of a block and where it stands.</summary>
internal sealed record HeaderJson
{
    public required ulong Number { get; init; }

    public required string Hash { get; init; }

    public required string ParentHash { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public required ulong Timestamp { get; init; }

    public required string StateRoot { get; init; }

    public required string ReceiptsRoot { get; init; }

    public required string TransactionsRoot { get; init; }

    public required string FeeRecipient { get; init; }

    public required string PrevRandao { get; init; }

    public required ulong GasLimit { get; init; }

    public required ulong GasUsed { get; init; }

    public required string BaseFeePerGas { get; init; }

    public required string ExtraData { get; init; }

    public required int TransactionCount { get; init; }

    /// <summary>Bytes of the payload in SSZ.</summary>
    public required int Size { get; init; }

    /// <summary>RLP of the header: its Keccak-256 is the block hash.</summary>
    public required string Rlp { get; init; }

    /// <summary>The sequencer's signature, where known.</summary>
    public required string? Signature { get; init; }
}
