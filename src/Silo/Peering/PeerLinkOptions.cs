namespace OpSync.Silo.Peering;

/// <summary>Limits of the connections that this silo keeps to peers it asks.</summary>
public sealed record PeerLinkOptions
{
    /// <summary>First pause before a lost or failed connection is dialled again.</summary>
    public TimeSpan RedialFirst { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The pause doubles up to this, with jitter of a quarter.</summary>
    public TimeSpan RedialMax { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Time to open and negotiate a stream (op-node: 5 s).</summary>
    public TimeSpan OpenTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time to write a request (op-node: 10 s).</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for the whole response (op-node: 10 s). What a peer may take is usually less; between the two an answer is late,
    /// but used.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Requests of one peer that may go on after their time; of more the stream is reset.</summary>
    public int LateMax { get; init; } = 4;

    /// <summary>Time an answer that is being read waits for room when it turns out larger than expected; then it gives up, and with
    /// it the room it has.</summary>
    public TimeSpan GrowWaitMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Time a request waits for room before it is sent; it holds nothing but its place at the peer.</summary>
    public TimeSpan RoomWaitMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Blocks asked for in one request of a peer that gives several, 1 to 1,024; with 1 each is asked for by itself. More
    /// gain little, and the last of them comes later.</summary>
    public int SpanBlocksMax { get; init; } = 32;

    /// <summary>Bytes expected of the blocks of one such request. They are taken from the byte budget at once, and no more fit the
    /// first window of a stream: a longer answer would wait for the reader, a second stream beside it does not.</summary>
    public int SpanBytesMax { get; init; } = 256 << 10;
}
