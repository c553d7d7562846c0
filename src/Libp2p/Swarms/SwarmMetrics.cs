using System.Diagnostics.Metrics;

namespace OpSync.Libp2p.Swarms;

/// <summary>Counters of the meter <c>OpSync.Libp2p</c>; all labels come from small closed sets.</summary>
internal static class SwarmMetrics
{
    private static readonly Meter s_meter = new("OpSync.Libp2p");

    private static readonly Counter<long> s_opened =
        s_meter.CreateCounter<long>("opsync.libp2p.connections.opened", "{connection}", "Connections that became ready.");

    private static readonly Counter<long> s_closed =
        s_meter.CreateCounter<long>("opsync.libp2p.connections.closed", "{connection}", "Connections that ended, by reason.");

    private static readonly Counter<long> s_handshakesFailed =
        s_meter.CreateCounter<long>("opsync.libp2p.handshakes.failed", "{handshake}", "Inbound connections that were let in and came to nothing.");

    private static readonly Counter<long> s_dials =
        s_meter.CreateCounter<long>("opsync.libp2p.dials", "{dial}", "Dials, by outcome.");

    private static readonly Counter<long> s_inbound =
        s_meter.CreateCounter<long>("opsync.libp2p.streams.inbound", "{stream}", "Streams opened by others, by outcome.");

    public static void Opened(bool isInbound) =>
        s_opened.Add(1, new KeyValuePair<string, object?>("direction", isInbound ? "inbound" : "outbound"));

    public static void Closed(Yamux.YamuxEnd end) => s_closed.Add(1, new KeyValuePair<string, object?>("reason", end));

    public static void HandshakeFailed() => s_handshakesFailed.Add(1);

    public static void Dialed(DialOutcome outcome) => s_dials.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public static void Inbound(string outcome) => s_inbound.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
}
