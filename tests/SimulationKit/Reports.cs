using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.SimulationKit;

/// <summary>Tells ranges and peers how requests ended: in batches, which may be lost, late or doubled.</summary>
public sealed class Reports(World world)
{
    private const int BatchMax = 64;
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(2);

    private readonly Dictionary<RangeKey, List<FetchReply>> _replies = [];
    private readonly Dictionary<PeerKey, List<PeerEnd>> _ends = [];

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

    public void Post(PeerKey peer, PeerEnd end)
    {
        if (!_ends.TryGetValue(peer, out List<PeerEnd>? lane))
        {
            _ends.Add(peer, lane = []);
            world.Agenda.After(Linger, () =>
            {
                _ends.Remove(peer);
                bool arrived = false;
                world.Send(() =>
                {
                    // A batch has a number: what arrives twice counts once.
                    if (!arrived) world.Peer(peer).Report(lane);
                    arrived = true;
                });
            });
        }

        lane.Add(end);
    }
}
