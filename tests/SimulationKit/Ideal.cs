using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.SimulationKit;

/// <summary>The time that a scheduler takes who is told, with each peer's first answers, what ours has to find out: who is honest, how far
/// away, how fast.</summary>
/// <remarks>
/// It hands out the heights from the top down and asks nothing twice. Before it knows anything it asks everybody alike, as many requests as
/// a new peer may have open; what comes back wrong or not at all it asks of others: after an answer that shows it, after
/// <see cref="DeadAfter"/> of silence, or, of a block that links to nothing, when all above it are there. From then on it asks the honest peer
/// that will deliver first. It is bound by what binds everybody: the buckets of the servers and those we keep for them, the requests that may
/// be open (few at first, one more for each answer), round trips, lines, the window of a range, and our own steps. The size of a block, what
/// a peer lacks, and which of its answers takes long, show only when it answers or does not.
/// </remarks>
public static class Ideal
{
    /// <summary>From the last byte of an answer to the next request: verifying, the batch of reports, the calls.</summary>
    private static readonly TimeSpan StepTime = TimeSpan.FromMilliseconds(4);

    /// <summary>How long nothing must be heard of a peer of which nothing is known before it counts as dead: the first timeout of RFC 6298,
    /// section 2.1.</summary>
    private static readonly TimeSpan DeadAfter = TimeSpan.FromSeconds(1);

    /// <summary>What it costs to tell slow from dead, in a crowd with anybody in it who is not what all are taken for at first: once, as long as
    /// the silence that tells.</summary>
    private static readonly TimeSpan FoundOut = DeadAfter;

    /// <summary>A line slower than this is one to be found out, bytes per second: a few large blocks
    /// take longer on it than <see cref="DeadAfter"/>.</summary>
    private const double LineUsual = 2e6;

    /// <summary>An answer that takes far longer than the others costs so many round trips more: one until it is overdue, one to ask again. What
    /// is asked again takes nobody's turn.</summary>
    private const int OverdueTrips = 2;

    /// <summary>Whether there is an ideal: nothing of ours fails, and the honest stay. A lost message or a dead process costs what chance makes of
    /// it.</summary>
    public static bool IsDefined(WorldPlan plan) =>
        plan.Loss == 0 && plan.Disturbances.Count == 0 && plan.Peers.All(p => !p.IsHonest || p.Up == TimeSpan.Zero);

    /// <summary>The time for a whole world.</summary>
    public static TimeSpan Of(WorldPlan plan)
    {
        Server[] honest = [.. plan.Peers.Where(p => p.IsHonest && p.SpeaksProtocol).Select(p => new Server(plan, p))];
        Server[] all = [.. honest, .. plan.Peers.Where(p => !p.IsHonest && p.SpeaksProtocol).Select(p => new Server(plan, p))];
        Queue<Server> unknown = new(Enumerable.Repeat(all, plan.PeerOptions.InFlightStart).SelectMany(wave => wave));
        HashSet<(ulong Chain, ulong Number)> seen = [];
        double last = 0;
        foreach (RangePlan range in plan.Ranges)
        {
            SimChain chain = plan.Chain(range.Chain);
            Pipe pipe = new(plan, range.PostAt.TotalSeconds);
            int expected = (int)Enumerable.Range((int)range.First, (int)(range.Top - range.First) + 1).Average(n => chain.Size((ulong)n));
            for (ulong number = range.Top + 1; number-- > range.First;)
            {
                if (range.Rank != TrustRank.Caller && !seen.Add((range.Chain, number))) continue;
                int size = chain.Size(number);
                double from = pipe.EarliestFor(size);
                List<Server> servers = [.. honest.Where(s => s.Plan.Serves(range.Chain))];
                double done = unknown.TryDequeue(out Server? any) && any.Plan.Serves(range.Chain)
                    ? AskOne(any, servers, number, size, expected, from, pipe.Linked)
                    : Fetch(servers, number, size, expected, from);
                pipe.Add(size, done);
                last = Math.Max(last, done);
            }
        }

        return TimeSpan.FromSeconds(last) + plan.CommitTime + (all.Any(s => s.IsFoundOut) ? FoundOut : TimeSpan.Zero);
    }

    /// <summary>Asks who will deliver first.</summary>
    private static double Fetch(List<Server> servers, ulong number, int size, int expected, double from) =>
        servers.MinBy(s => s.DoneAt(from, expected, out _)) is { } best ? AskOne(best, servers, number, size, expected, from, from) : from;

    /// <summary>Asks one peer, and others if it fails.</summary>
    private static double AskOne(Server server, List<Server> servers, ulong number, int size, int expected, double from, double linked)
    {
        if (server.Gives(number)) return server.Ask(from, size);
        servers.Remove(server);
        return Fetch(servers, number, size, expected, server.Fail(from, linked));
    }

    /// <summary>One peer, asked in the order of the calls.</summary>
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
        private double _slow = 0.5;

        public Server(WorldPlan world, PeerPlan plan)
        {
            Plan = plan;
            PeerPolicyOptions options = world.PeerOptions;
            _roundTrip = ((2 * plan.Latency * (1 + (plan.Jitter / 2))) + StepTime).TotalSeconds;
            _rate = Math.Min(options.Rate, Math.Min(plan.Limits.PeerRate, Math.Max(0.1, plan.Limits.TotalRate - plan.Background)));
            _tokens = _burst = Math.Min(options.Burst, plan.Limits.PeerBurst);
            (_start, _max) = (options.InFlightStart, options.InFlightMax);
        }

        public PeerPlan Plan { get; }

        public bool IsFoundOut => !Plan.IsHonest || Plan.SlowShare > 0 || Plan.BytesPerSecond < LineUsual;

        /// <summary>Whether it gives the right block. Of peers that hold one in so many it is drawn which: the order of the requests would hit
        /// or miss the pattern as a whole.</summary>
        public bool Gives(ulong number) => Plan.Manner switch
        {
            Manner.Honest => number >= Plan.HoldsFrom && number <= Plan.HoldsTo && Mix(number) % (ulong)Plan.HoldsEvery == (ulong)Plan.HoldsRemainder,
            Manner.Failing or Manner.Junk or Manner.HalfFork => number % 2 == 0,
            _ => false,
        };

        private static ulong Mix(ulong number)
        {
            number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9;
            number = (number ^ (number >> 27)) * 0x94D049BB133111EB;
            return number ^ (number >> 31);
        }

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
            _slow += Plan.SlowShare;
            if (_slow < 1) return done;
            _slow--;
            return done + (OverdueTrips * _roundTrip);
        }

        /// <summary>Asks in vain.</summary>
        /// <param name="from">When.</param>
        /// <param name="linked">When all above the height are there.</param>
        /// <returns>When that is known.</returns>
        public double Fail(double from, double linked) => Plan.Manner switch
        {
            Manner.Silent or Manner.Trickling => from + DeadAfter.TotalSeconds,
            Manner.Garbage or Manner.Fork or Manner.HalfFork => Math.Max(linked, Ask(from, 0)),
            _ => Ask(from, 0),
        };

        /// <summary>When one more may be open: each answer gives back its slot and brings another, up to the maximum.</summary>
        private double SlotAt()
        {
            int asked = _done.Count;
            int answers = Math.Max((asked + 2 - _start) / 2, asked + 1 - _max);
            return answers <= 0 ? 0 : _done[answers - 1];
        }
    }

    /// <summary>The window of a range: what is fetched and not stored yet.</summary>
    private sealed class Pipe(WorldPlan plan, double from)
    {
        private readonly Queue<(int Size, double StoredAt)> _inside = new();
        private readonly long _bytesMax = Math.Min(plan.RangeOptions.WindowBytesMax, plan.Budget - ByteBudget.Reserve);
        private long _bytes;
        private double _free = from;

        /// <summary>When all that was added is there.</summary>
        public double Linked { get; private set; }

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
            Linked = Math.Max(Linked, done);
            _inside.Enqueue((size, Linked + plan.CommitTime.TotalSeconds));
            _bytes += size;
        }
    }
}
