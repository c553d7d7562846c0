using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.SimulationKit;

/// <summary>Tells ranges and peers how requests ended: in batches, which may be lost, late or doubled.</summary>
public sealed class Reports(World world)
{
    private const int BatchMax = 64;
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(2);

    private readonly Dictionary<RangeKey, List<FetchReply>> _replies = [];
    private readonly Dictionary<PeerKey, List<(FetchOutcome, int, TimeSpan)>> _ends = [];

    public void Post(RangeKey range, FetchReply reply)
    {
        if (!_replies.TryGetValue(range, out List<FetchReply>? lane))
        {
            _replies.Add(range, lane = []);
            world.Agenda.After(Linger, () =>
            {
                _replies.Remove(range);
                foreach (FetchReply[] batch in lane.Chunk(BatchMax)) world.Send(() => world.Deliver(range, batch));
            });
        }

        lane.Add(reply);
    }

    public void Post(PeerKey peer, (FetchOutcome Outcome, int Bytes, TimeSpan Elapsed) end)
    {
        if (!_ends.TryGetValue(peer, out List<(FetchOutcome, int, TimeSpan)>? lane))
        {
            _ends.Add(peer, lane = []);
            world.Agenda.After(Linger, () =>
            {
                _ends.Remove(peer);
                world.Send(() => world.Peer(peer).Report(lane));
            });
        }

        lane.Add(end);
    }
}
