namespace OpSync.Cli.Output;

/// <summary>The JSON result of <c>opsync sync</c>. Names are part of the public interface.</summary>
internal sealed record SyncJson
{
    public required ulong ChainId { get; init; }

    public required ulong First { get; init; }

    public required ulong Last { get; init; }

    public required ulong Stored { get; init; }

    public required double Seconds { get; init; }

    public required double BlocksPerSecond { get; init; }

    public required long Bytes { get; init; }

    public required long PeakMemoryBytes { get; init; }

    /// <summary>From the start of the process to the first durable block; 0 if there was none.</summary>
    public required double SecondsToFirstBlock { get; init; }

    /// <summary>Headers linked to the anchor ahead of their blocks, given by OpSync peers; 0 if none gave any.</summary>
    public required long HeadersLinked { get; init; }

    public required string Result { get; init; }

    public required string Reason { get; init; }

    public required IReadOnlyList<ulong> Missing { get; init; }

    public required IReadOnlyList<PeerJson> Peers { get; init; }

    internal sealed record PeerJson
    {
        public required string PeerId { get; init; }

        public required long Requests { get; init; }

        public required long Ok { get; init; }

        public required long NotFound { get; init; }

        public required long RateLimited { get; init; }

        public required long Timeouts { get; init; }

        public required long Failed { get; init; }

        public required long Malformed { get; init; }

        public required long Rejected { get; init; }

        public required double Score { get; init; }

        public required bool Banned { get; init; }

        public required bool Resting { get; init; }

        public required string Problem { get; init; }
    }
}
