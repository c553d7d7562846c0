namespace OpSync.SimulationKit;

/// <summary>The shortest time in which the honest peers of a world could give what is wanted.</summary>
/// <remarks>
/// A lower bound that no scheduler beats. Until time T an honest peer gives at most what its bucket, the one we keep for it and
/// its connection let through: a burst, then a rate, its share of bandwidth, and what fits in flight per round trip; nothing in the
/// first round trip. A set of blocks that only a set of peers has takes at least until those peers could give as many; the bound
/// is the latest of these over all sets of peers (Hall's condition). Nobody tells what it lacks before it is asked: of n honest peers of which h have a block, (n + 1) / (h + 1) are
/// asked for it on average. What liars and dead peers cost is no part of the bound, nor what liars give when they tell the truth.
/// </remarks>
public static class Ideal
{
    public static TimeSpan Of(WorldPlan plan)
    {
        PeerPlan[] honest = [.. plan.Peers.Where(p => p.IsHonest && p.SpeaksProtocol)];
        if (honest.Length > 20) throw new ArgumentException("Too many honest peers to look at all sets of them.", nameof(plan));
        bool alike = honest.All(p => p.HoldsFrom == 0 && p.HoldsTo == ulong.MaxValue && p.HoldsEvery == 1 && p.Chains is null);
        Dictionary<int, (long Blocks, long Bytes)> demand = [];
        foreach (RangePlan range in plan.Ranges)
        {
            SimChain chain = plan.Chain(range.Chain);
            for (ulong number = range.First; number <= range.Top; number++)
            {
                ulong at = number;
                bool before = plan.Ranges.TakeWhile(r => r != range).Any(r => r.Chain == range.Chain && r.First <= at && r.Top >= at);
                if (before) continue;
                int holders = 0;
                for (int i = 0; i < honest.Length && !alike; i++)
                {
                    if (honest[i].Holds(number) && honest[i].Serves(range.Chain)) holders |= 1 << i;
                }

                (long blocks, long bytes) = demand.GetValueOrDefault(holders);
                demand[holders] = (blocks + 1, bytes + chain.Size(number));
            }
        }

        double longest = 0;
        int all = (1 << honest.Length) - 1;
        foreach (int set in alike ? [all] : Enumerable.Range(1, all))
        {
            double blocks = 0, bytes = 0;
            foreach ((int holders, (long Blocks, long Bytes) wanted) in demand)
            {
                if ((holders & ~set) != 0) continue;
                int having = alike ? honest.Length : System.Numerics.BitOperations.PopCount((uint)holders);
                blocks += wanted.Blocks * (honest.Length + 1.0) / (having + 1);
                bytes += wanted.Bytes;
            }

            if (blocks == 0) continue;
            double low = 0, high = 36_000;
            for (int i = 0; i < 60; i++)
            {
                double middle = (low + high) / 2;
                double given = 0;
                for (int p = 0; p < honest.Length; p++)
                {
                    if ((set & (1 << p)) != 0) given += Given(plan, honest[p], middle, bytes / blocks);
                }

                if (given >= blocks) high = middle;
                else low = middle;
            }

            longest = Math.Max(longest, high);
        }

        return TimeSpan.FromSeconds(longest);
    }

    /// <summary>Blocks a peer can have given until a time.</summary>
    public static double Given(WorldPlan plan, PeerPlan peer, double seconds, double size)
    {
        double roundTrip = 2 * peer.Latency.TotalSeconds;
        double left = seconds - roundTrip;
        if (left <= 0) return 0;
        double rate = Math.Min(plan.PeerOptions.Rate, Math.Min(peer.Limits.PeerRate, Math.Max(0.1, peer.Limits.TotalRate - peer.Background)));
        double burst = Math.Min(plan.PeerOptions.Burst, peer.Limits.PeerBurst);
        double byRate = burst + (rate * left);
        double byLine = left * peer.BytesPerSecond / size;
        double byFlight = plan.PeerOptions.InFlightMax * (1 + (left / Math.Max(roundTrip, 0.001)));
        return Math.Min(byRate, Math.Min(byLine, byFlight));
    }
}
