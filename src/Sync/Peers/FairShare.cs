namespace OpSync.Sync.Peers;

/// <summary>Shares what a peer can take between those who want it, by weight. Not thread-safe.</summary>
/// <remarks>
/// Stride scheduling: whoever was given n requests moves ahead by n / weight, and what there is goes to whoever is furthest behind.
/// Nobody waits in a queue: who got less than he wished stays a claimant for a while, and what is his by weight is kept for him
/// until he comes back for it. So an urgent claim overtakes at once, and each claim gets its share however many others ask.
/// </remarks>
internal sealed class FairShare
{
    /// <summary>Claimants remembered. The one that asked longest ago is forgotten first, which costs it nothing but its place.</summary>
    public const int ClaimantsMax = 256;

    /// <summary>Priorities beyond this, up or down, count as this: so a claim gets at least 1/256 of what another gets.</summary>
    public const int PriorityMax = 2;

    /// <summary>A claimant who was told when to come back has this much longer to do so.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<string, Claimant> _claimants = [];
    private readonly List<Claimant> _rivals = [];
    private double _pass;

    /// <summary>How many of the <paramref name="available"/> the claimant may have now.</summary>
    /// <param name="who">Who asks.</param>
    /// <param name="wanted">How many he wants.</param>
    /// <param name="available">How many there are.</param>
    /// <param name="now">Monotonic time.</param>
    public int Grant(in PeerClaim who, int wanted, int available, TimeSpan now)
    {
        Claimant self = Find(who, now);
        self.AskedAt = now;
        _rivals.Clear();
        foreach (Claimant other in _claimants.Values)
        {
            if (ReferenceEquals(other, self) || other.Lacks == 0 || other.Until <= now) continue;
            _rivals.Add(other);
            other.Simulated = (other.Pass, other.Lacks);
        }

        // Who asked for nothing in the meantime has saved up nothing, and what nobody else wanted costs nothing.
        if (self.Pass < _pass) self.Pass = _pass;
        if (_rivals.Count == 0)
        {
            _pass = self.Pass;
            return Math.Min(wanted, available);
        }

        int granted = 0;
        double pass = self.Pass;
        for (int left = available; left > 0 && granted < wanted; left--)
        {
            if (Next(pass + self.Stride) is { } rival)
            {
                rival.Simulated = (rival.Simulated.Pass + rival.Stride, rival.Simulated.Lacks - 1);
                continue;
            }

            granted++;
            pass += self.Stride;
        }

        self.Pass = pass;
        _pass = _rivals.Min(r => r.Pass);
        if (pass < _pass) _pass = pass;
        return granted;
    }

    /// <summary>Remembers what the claimant did not get, and until when he will be back for it.</summary>
    public void Remember(in PeerClaim who, int lacks, TimeSpan retryAfter, TimeSpan now)
    {
        Claimant self = Find(who, now);
        self.Lacks = lacks;
        self.Until = now + retryAfter + Grace;
    }

    /// <summary>The rival who would be done with one more request before <paramref name="finish"/>, the earliest of them.</summary>
    private Claimant? Next(double finish)
    {
        Claimant? first = null;
        foreach (Claimant rival in _rivals)
        {
            if (rival.Simulated.Lacks == 0) continue;
            double done = rival.Simulated.Pass + rival.Stride;
            if (done >= finish) continue;
            finish = done;
            first = rival;
        }

        return first;
    }

    private Claimant Find(in PeerClaim who, TimeSpan now)
    {
        if (!_claimants.TryGetValue(who.Who, out Claimant? claimant))
        {
            if (_claimants.Count >= ClaimantsMax) _claimants.Remove(_claimants.MinBy(c => c.Value.AskedAt).Key);
            _claimants.Add(who.Who, claimant = new Claimant { AskedAt = now, Pass = _pass });
        }

        claimant.Stride = Math.Pow(4, -Math.Clamp(who.Priority, -PriorityMax, PriorityMax));
        return claimant;
    }

    private sealed class Claimant
    {
        /// <summary>Weight, inverted: how far one request moves it ahead.</summary>
        public double Stride;
        public double Pass;
        public int Lacks;
        public TimeSpan Until;
        public TimeSpan AskedAt;
        public (double Pass, int Lacks) Simulated;
    }
}
