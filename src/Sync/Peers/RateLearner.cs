namespace OpSync.Sync.Peers;

/// <summary>Finds the rate that a server grants, from how late its answers come and from its refusals. Not thread-safe.</summary>
/// <remarks>
/// An op-node server throttles by delay: a request above the rate waits for its token, up to 20 s (op-node p2p/sync.go). A standing
/// queue at the server gains nothing and is refused in the end, so the rate settles where the queue is about to form. In rounds:
/// if even the quickest answer of a round is later than the quickest known by half a token, the server throttles, and the rate
/// becomes a little less than what was delivered; otherwise, if the rate is what held us back, it grows. One late answer, or many
/// beside a quick one, are noise and change nothing.
/// </remarks>
internal sealed class RateLearner
{
    /// <summary>Lowest rate, requests per second: a server shared by forty still gives that (20/s over all askers).</summary>
    public const double RateMin = 0.5;

    /// <summary>A cut settles at this part of what was delivered.</summary>
    public const double SettleAt = 0.97;

    /// <summary>A refusal cuts to this part of the rate.</summary>
    public const double RefusedCut = 0.7;

    /// <summary>Growth per round below a rate that is known to be granted or was cut once.</summary>
    public const double GrowthGentle = 0.02;

    /// <summary>Growth per round while nothing spoke against a faster one.</summary>
    public const double GrowthFirst = 0.25;

    /// <summary>Queueing at the server that counts as throttling, in tokens.</summary>
    private const double DelayTokens = 0.5;

    /// <summary>A short queue cuts no deeper than to this part of the rate, however little came: answers that are slow by themselves deliver
    /// little too.</summary>
    private const double ShallowCut = 0.9;

    /// <summary>Beyond so many tokens one round tells; below, it takes two in a row: a queue stays, chance does not.</summary>
    private const double SureTokens = 2;

    /// <summary>Answers in a round, at least.</summary>
    private const int RoundAnswers = 8;

    /// <summary>Tokens left out once per <see cref="BaseWindow"/>, so that a queue of our own making cannot pass for the way.</summary>
    private const int DrainTokens = 2;

    /// <summary>Differences below this are the network's.</summary>
    private static readonly TimeSpan DelayMin = TimeSpan.FromMilliseconds(20);

    /// <summary>A round takes at least this long.</summary>
    private static readonly TimeSpan RoundMin = TimeSpan.FromSeconds(1);

    /// <summary>Refusals this close together are one.</summary>
    private static readonly TimeSpan RefusedMerge = TimeSpan.FromSeconds(2);

    /// <summary>No growth for this long after a refusal.</summary>
    private static readonly TimeSpan RefusedHold = TimeSpan.FromSeconds(20);

    /// <summary>The quickest answer is remembered for one to two of these: routes change.</summary>
    private static readonly TimeSpan BaseWindow = TimeSpan.FromMinutes(5);

    private readonly double _start;
    private double _known;
    private double _max;
    private TimeSpan _roundStart;
    private TimeSpan _roundQuickest = TimeSpan.MaxValue;
    private TimeSpan _roundSum;
    private int _roundAnswers;
    private bool _roundLimited;
    private bool _roundBeforeLate;
    private bool _wasCut;
    private TimeSpan _baseSince;
    private TimeSpan _baseNow = TimeSpan.MaxValue;
    private TimeSpan _baseBefore = TimeSpan.MaxValue;
    private TimeSpan _mergeUntil = TimeSpan.MinValue;
    private TimeSpan _holdUntil = TimeSpan.MinValue;

    /// <summary>A learner.</summary>
    /// <param name="start">Rate to begin with: what any server is taken to grant.</param>
    /// <param name="max">Highest rate to try.</param>
    /// <param name="now">Monotonic time.</param>
    /// <param name="known">Rate found at an earlier time; null if none. A lower one holds until answers speak for more, a higher one is
    /// only a reason to try: see <see cref="SetMax"/>.</param>
    public RateLearner(double start, double max, TimeSpan now, double? known = null)
    {
        _start = start;
        _max = Math.Max(start, max);
        Rate = start;
        if (known < start) Cut(known.Value);
        else _known = known ?? 0;
        _roundStart = _baseSince = now;
    }

    /// <summary>Requests per second to make at most.</summary>
    public double Rate { get; private set; }

    /// <summary>Quickest answer known; zero before the first.</summary>
    public TimeSpan Base => Quickest is { } known && known < TimeSpan.MaxValue ? known : TimeSpan.Zero;

    private TimeSpan Quickest => _baseNow < _baseBefore ? _baseNow : _baseBefore;

    /// <summary>The peer turned out to be of a kind that may grant more, or not. Of what it was once found to grant beyond the start, half is
    /// tried at once, and the rest as answers allow: its limits, or those who share them, may have changed.</summary>
    public void SetMax(double max)
    {
        _max = Math.Max(_start, max);
        if (_max > _start && _known > 0) (Rate, _known) = (Math.Max(Rate, _start + ((_known - _start) / 2)), 0);
        Rate = Math.Min(Rate, _max);
    }

    /// <summary>The rate held a request back: there is a use for a higher one.</summary>
    public void OnLimited() => _roundLimited = true;

    /// <summary>An answer came.</summary>
    /// <param name="latency">To its first byte.</param>
    /// <param name="now">Monotonic time.</param>
    /// <returns>Tokens to leave out, so that a queue at the server empties; usually 0.</returns>
    public int OnAnswer(TimeSpan latency, TimeSpan now)
    {
        int owed = 0;
        if (now - _baseSince >= BaseWindow)
        {
            _baseSince = now;
            _baseBefore = _baseNow;
            _baseNow = TimeSpan.MaxValue;
            owed = DrainTokens;
        }

        if (latency < _baseNow) _baseNow = latency;
        if (latency < _roundQuickest) _roundQuickest = latency;
        _roundSum += latency;
        _roundAnswers++;
        TimeSpan taken = now - _roundStart;
        return _roundAnswers < RoundAnswers || taken < RoundMin ? owed : owed + EndRound(taken, now);
    }

    /// <summary>The server refused for its rate, or failed in a way that may mean that.</summary>
    public void OnRefused(TimeSpan now)
    {
        if (now < _mergeUntil) return;
        _mergeUntil = now + RefusedMerge;
        _holdUntil = now + RefusedHold;
        Cut(Rate * RefusedCut);
        BeginRound(now);
    }

    private int EndRound(TimeSpan taken, TimeSpan now)
    {
        TimeSpan delay = _roundQuickest - Quickest;
        double tokens = delay.TotalSeconds * Rate;
        int owed = 0;

        // Where answers differ by as much among themselves, a late quickest one may be chance.
        TimeSpan spread = (_roundSum / _roundAnswers) - _roundQuickest;
        bool late = tokens > DelayTokens && delay > DelayMin && delay > spread;
        bool throttled = late && (_roundBeforeLate || tokens > SureTokens);
        _roundBeforeLate = late;
        if (throttled)
        {
            // Demand of ours that was lower than the rate says nothing about the server's: then the cut is a small one.
            double delivered = _roundAnswers / taken.TotalSeconds;
            double least = tokens <= SureTokens ? Rate * ShallowCut : _roundLimited ? 0 : Rate / 2;
            Cut(Math.Max(least, Math.Min(Rate, delivered)) * SettleAt);
            owed = (int)Math.Ceiling(Math.Min(tokens, RoundAnswers));
        }
        else if (!late && _roundLimited && now >= _holdUntil)
        {
            double growth = _wasCut || Rate < _start ? GrowthGentle : GrowthFirst;
            Rate = Math.Min(_max, Rate * (1 + growth));
        }

        BeginRound(now);
        return owed;
    }

    private void Cut(double rate)
    {
        _wasCut = true;
        Rate = Math.Max(Math.Min(RateMin, _start), rate);
    }

    private void BeginRound(TimeSpan now)
    {
        _roundStart = now;
        _roundAnswers = 0;
        _roundSum = TimeSpan.Zero;
        _roundQuickest = TimeSpan.MaxValue;
        _roundLimited = false;
    }
}
