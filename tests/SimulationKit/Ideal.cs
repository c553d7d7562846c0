using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.SimulationKit;

/// <summary>The time that a scheduler takes who knows what ours has to find out: who is honest, how far away, how fast.</summary>
/// <remarks>
/// It hands out the heights from the top down, each to the honest peer that will deliver it first, and asks nothing twice. It is bound by
/// what binds everybody: the buckets of the servers and those we keep for them, the requests that may be open (few at first, one more for
/// each answer), round trips, lines, the window of a range, and our own steps. Sizes, and what a peer lacks, show only when it answers.
/// Where others than honest peers are in the crowd, it is told who they are no earlier than anybody can know: see
/// <see cref="Discovery"/>.
/// </remarks>
public static class Ideal
{
    /// <summary>From the last byte of an answer to the next request: verifying, the batch of reports, the calls.</summary>
    private static readonly TimeSpan StepTime = TimeSpan.FromMilliseconds(4);

    /// <summary>How long nothing must be heard of a peer before it counts as dead, when nothing is known of it: the first timeout of RFC
    /// 6298, section 2.1.</summary>
    private static readonly TimeSpan DeadAfter = TimeSpan.FromSeconds(1);

    /// <summary>The time for a whole world.</summary>
    public static TimeSpan Of(WorldPlan plan)
    {
        Server[] servers = [.. plan.Peers.Where(p => p.IsHonest && p.SpeaksProtocol).Select(p => new Server(plan, p))];
        HashSet<(ulong, ulong)> seen = [];
        double last = 0;
        foreach (RangePlan range in plan.Ranges)
        {
            SimChain chain = plan.Chain(range.Chain);
            Pipe pipe = new(plan);
            for (ulong number = range.Top + 1; number-- > range.First;)
            {
                if (!seen.Add((range.Chain, number))) continue;
                int size = chain.Size(number);
                double linked = Fetch(servers, range.Chain, number, size, pipe.EarliestFor(size));
                pipe.Add(size, linked);
                last = Math.Max(last, linked);
            }
        }

        TimeSpan work = TimeSpan.FromSeconds(last) + plan.CommitTime;
        TimeSpan found = Discovery(plan);
        return work > found ? work : found;
    }

    /// <summary>No earlier than this can a range end in a crowd that has others than honest peers in it. Its heights go to all alike at
    /// first; those of a dead peer are asked again when its silence tells, those of a wrong one when its answer does; and then the answer to
    /// that takes its time.</summary>
    public static TimeSpan Discovery(WorldPlan plan)
    {
        TimeSpan told = TimeSpan.Zero;
        foreach (PeerPlan peer in plan.Peers.Where(p => !p.IsHonest && p.SpeaksProtocol))
        {
            TimeSpan known = peer.Manner is Manner.Silent or Manner.Trickling ? DeadAfter : RoundTrip(peer) + StepTime;
            if (known > told) told = known;
        }

        TimeSpan[] trips = [.. plan.Peers.Where(p => p.IsHonest && p.SpeaksProtocol).Select(RoundTrip)];
        return told == TimeSpan.Zero || trips.Length == 0 ? TimeSpan.Zero : told + trips.Max() + StepTime + plan.CommitTime;
    }

    private static TimeSpan RoundTrip(PeerPlan peer) => 2 * peer.Latency * (1 + (peer.Jitter / 2));

    /// <summary>Asks for one height until somebody has it.</summary>
    private static double Fetch(Server[] servers, ulong chain, ulong number, int size, double from)
    {
        HashSet<Server> lacking = [];
        while (true)
        {
            Server? best = null;
            double earliest = double.MaxValue;
            foreach (Server server in servers)
            {
                if (!server.Plan.Serves(chain) || lacking.Contains(server)) continue;
                double done = server.DoneAt(from, size, out _);
                if (done < earliest) (best, earliest) = (server, done);
            }

            if (best is null) return from;
            bool holds = best.Holds(number);
            from = best.Ask(from, holds ? size : 0);
            if (holds) return from;
            lacking.Add(best);
        }
    }

    /// <summary>One honest peer, asked in the order of the calls.</summary>
    private sealed class Server
    {
        private readonly List<double> _done = [];
        private readonly double _roundTrip;
        private readonly double _rate;
        private readonly int _start;
        private readonly int _max;
        private readonly int _burst;
        private double _tokens;
        private double _tokensAt;
        private double _lineFree;

        public Server(WorldPlan world, PeerPlan plan)
        {
            Plan = plan;
            PeerPolicyOptions options = world.PeerOptions;
            _roundTrip = RoundTrip(plan).TotalSeconds + StepTime.TotalSeconds;
            _rate = Math.Min(options.Rate, Math.Min(plan.Limits.PeerRate, Math.Max(0.1, plan.Limits.TotalRate - plan.Background)));
            _tokens = _burst = Math.Min(options.Burst, plan.Limits.PeerBurst);
            (_start, _max) = (options.InFlightStart, options.InFlightMax);
        }

        public PeerPlan Plan { get; }

        /// <summary>Whether it has a block. Of peers that have one in so many it is drawn which: the order of the requests would hit or miss
        /// the pattern as a whole.</summary>
        public bool Holds(ulong number) =>
            number >= Plan.HoldsFrom && number <= Plan.HoldsTo
            && (ulong)new Random((int)number).Next(Plan.HoldsEvery) == (ulong)Plan.HoldsRemainder;

        /// <summary>When an answer would be there.</summary>
        public double DoneAt(double from, int size, out double sent)
        {
            sent = Math.Max(from, SlotAt());
            double tokens = Math.Min(_burst, _tokens + (Math.Max(0, sent - _tokensAt) * _rate));
            if (tokens < 1) sent = Math.Max(sent, _tokensAt) + ((1 - tokens) / _rate);
            return Math.Max(sent + _roundTrip, _lineFree) + (size / Plan.BytesPerSecond);
        }

        /// <summary>Asks.</summary>
        /// <returns>When the answer is there.</returns>
        public double Ask(double from, int size)
        {
            double done = DoneAt(from, size, out double sent);
            _tokens = Math.Min(_burst, _tokens + (Math.Max(0, sent - _tokensAt) * _rate)) - 1;
            _tokensAt = Math.Max(_tokensAt, sent);
            _lineFree = done;
            _done.Add(done);
            return done;
        }

        /// <summary>When one more may be open: each answer gives back its slot and brings another, up to the maximum.</summary>
        private double SlotAt()
        {
            int asked = _done.Count;
            int answers = Math.Max((asked + 2 - _start) / 2, asked + 1 - _max);
            return answers <= 0 ? 0 : _done[answers - 1];
        }
    }

    /// <summary>The window of a range: what is fetched and not stored yet.</summary>
    private sealed class Pipe(WorldPlan plan)
    {
        private readonly Queue<(int Size, double StoredAt)> _inside = new();
        private readonly long _bytesMax = Math.Min(plan.RangeOptions.WindowBytesMax, plan.Budget - ByteBudget.Reserve);
        private long _bytes;
        private double _linked;
        private double _free;

        public double EarliestFor(int size)
        {
            while (_inside.Count > 0 && (_inside.Count >= plan.RangeOptions.WindowBlocksMax || _bytes + size > _bytesMax))
            {
                (int freed, double storedAt) = _inside.Dequeue();
                _bytes -= freed;
                _free = Math.Max(_free, storedAt);
            }

            return _free;
        }

        public void Add(int size, double done)
        {
            _linked = Math.Max(_linked, done);
            _inside.Enqueue((size, _linked + plan.CommitTime.TotalSeconds));
            _bytes += size;
        }
    }
}
