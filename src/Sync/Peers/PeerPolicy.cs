namespace OpSync.Sync.Peers;

/// <summary>What one peer may be asked, and what its answers do to its standing.</summary>
/// <remarks>
/// Rates, requests in flight and short rests run on the monotonic clock; scores, bans and the rest after a lie run on the wall
/// clock, as they outlive the process, and there a clock that goes back counts as no time. Score and ban decay while nobody looks:
/// everything is worked out from the time passed. Not thread-safe.
/// </remarks>
public sealed partial class PeerPolicy
{
    /// <summary>Advice to a caller who met a full peer: about a round trip, at most this.</summary>
    private static readonly TimeSpan InFlightRetry = TimeSpan.FromMilliseconds(50);

    /// <summary>With a rate that is learned, no more is open than the rate can use while an answer takes this long; more would only
    /// wait at the server, and hold up its other askers there.</summary>
    private static readonly TimeSpan InFlightReach = TimeSpan.FromMilliseconds(500);

    /// <summary>So many failures tell that a server is asked too fast: an op-node server beyond its limits fails one after the other (op-node
    /// p2p/sync.go). Single ones are streams that were reset.</summary>
    private const double FailuresMin = 3;

    /// <summary>An answer makes up for this part of a failure.</summary>
    private const double FailuresForgiven = 1.0 / 8;

    /// <summary>Half of what was learned of a server's rate is forgotten after this time: its other askers come and go.</summary>
    private static readonly TimeSpan RateHalfLife = TimeSpan.FromHours(1);

    private readonly PeerPolicyOptions _options;
    private readonly TokenBucket _bucket;
    private readonly RateLearner? _learner;
    private readonly InFlightWindow _window;
    private readonly ReplyTimer _timer = new();
    private readonly FairShare _shares = new();
    private readonly Queue<TimeSpan> _inFlight = new();
    private TimeSpan _restUntil = TimeSpan.MinValue;
    private TimeSpan _answeredAt = TimeSpan.MinValue;
    private int _timeoutsInRow;
    private double _failures;
    private TimeSpan? _replyTime;
    private long _requests;
    private long _bytes;

    /// <summary>A policy for a peer, known or new.</summary>
    /// <param name="options">Limits.</param>
    /// <param name="restored">What was persisted, or null. Another version counts as nothing; values out of bounds are cut.</param>
    /// <param name="wall">Wall time.</param>
    /// <param name="now">Monotonic time.</param>
    public PeerPolicy(PeerPolicyOptions options, PeerState? restored, DateTimeOffset wall, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        double? known = options.LearnsRate ? KnownRate(restored, options.Rate, wall) : null;
        _learner = options.LearnsRate ? new RateLearner(options.Rate, options.Rate, now, known) : null;
        double rate = _learner?.Rate ?? options.Rate;
        _bucket = new TokenBucket(rate, options.Burst, now, KnownTokens(restored, rate, wall));
        _window = new InFlightWindow(options.InFlightStart, options.InFlightMax);
        _wall = wall;
        if (restored is { Version: PeerState.CurrentVersion }) Restore(restored);
        Advance(wall);
    }

    /// <summary>Who may be asked: a ban or a block says nobody.</summary>
    public bool IsAway => _banLeft > TimeSpan.Zero || _blockedUntil > _wall;

    /// <summary>What the next answer may take.</summary>
    public ReplyTimeout Timeout => _timer.Current;

    /// <summary>The peer turned out to be another OpSync, which may grant more than op-node does, or not.</summary>
    public void SetMayGrantMore(bool on) => _learner?.SetMax(on ? _options.LearnedRateMax : _options.Rate);

    /// <summary>Asks for requests. What is granted counts as in flight until it is reported.</summary>
    /// <param name="wanted">Requests wished, 0 or more.</param>
    /// <param name="now">Monotonic time.</param>
    /// <param name="wall">Wall time.</param>
    /// <param name="open">Requests open right now, from whoever holds the connection. It is ahead of the reports: a caller that
    /// already has its answer is not refused for it. Null counts what was granted and not reported.</param>
    /// <param name="claim">On whose behalf. Null shares with nobody.</param>
    public Admission Admit(int wanted, TimeSpan now, DateTimeOffset wall, int? open = null, PeerClaim? claim = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(wanted);
        Advance(wall);
        if (IsAway) return new Admission(0, AwayLeft, RefusalReason.Banned);
        TimeSpan rest = RestLeft(now);
        if (rest > TimeSpan.Zero) return new Admission(0, rest, RefusalReason.Resting);

        while (_inFlight.TryPeek(out TimeSpan since) && now - since >= _options.InFlightLost) _inFlight.Dequeue();
        int used = open ?? _inFlight.Count;
        int room = Math.Max(0, _window.Limit - used);
        int tokens = _bucket.Available(now);
        PeerClaim who = claim ?? PeerClaim.Sole;
        int granted = _shares.Grant(who, wanted, Math.Min(room, tokens), now);
        if (granted > 0)
        {
            _bucket.TryTake(granted, now);
            _requests += granted;
            for (int i = 0; i < granted; i++) _inFlight.Enqueue(now);
            _window.OnAdmitted(used + granted);
        }

        Admission admission = granted == wanted ? new Admission(granted, TimeSpan.Zero, null)
            : room <= tokens ? new Admission(granted, RoundTrip, RefusalReason.InFlightFull)
            : new Admission(granted, Longer(_bucket.WaitFor(1, now), RoundTrip, tokens > granted), RefusalReason.RateLimited);
        _shares.Remember(who, wanted - granted, admission.RetryAfter, now);
        if (admission.Reason == RefusalReason.RateLimited) _learner?.OnLimited();
        return admission;

        // What is kept for others is there already: the wait for the next token would be none.
        static TimeSpan Longer(TimeSpan wait, TimeSpan other, bool kept) => kept && other > wait ? other : wait;
    }

    /// <summary>A request ended.</summary>
    /// <param name="outcome">How.</param>
    /// <param name="bytes">Payload bytes received.</param>
    /// <param name="elapsed">Time it took; of good answers a moving average is kept. Zero if it was not measured: then nothing is learned
    /// from it of the peer's speed.</param>
    /// <param name="now">Monotonic time.</param>
    /// <param name="wall">Wall time.</param>
    /// <param name="firstByte">Time to the first byte of the answer; zero if not known.</param>
    /// <param name="late">It was reported as timed out before, and this is what came of it then.</param>
    /// <returns>What changed.</returns>
    public Standing Report(
        FetchOutcome outcome, int bytes, TimeSpan elapsed, TimeSpan now, DateTimeOffset wall, TimeSpan firstByte = default, bool late = false)
    {
        if (!late) _inFlight.TryDequeue(out _);
        if (outcome == FetchOutcome.NotAsked)
        {
            _requests--;
            _bucket.GiveBack(1, now);
            return Standing.Same;
        }

        _bytes += Math.Max(0, bytes);
        bool answered = outcome is FetchOutcome.Good or FetchOutcome.NotFound or FetchOutcome.Malformed;
        if (answered && elapsed > TimeSpan.Zero) OnAnswer(firstByte > TimeSpan.Zero ? firstByte : elapsed, elapsed, bytes, now);
        if (answered) _failures = Math.Max(0, _failures - FailuresForgiven);
        if (!late && (outcome == FetchOutcome.RateLimited || (outcome == FetchOutcome.Failed && ++_failures >= FailuresMin))) Slower(now);
        if (outcome == FetchOutcome.Good) _replyTime = _replyTime is { } known ? known + (elapsed - known) / 8 : elapsed;
        if (outcome is FetchOutcome.Good or FetchOutcome.NotFound) _timeoutsInRow = 0;

        // It lives: there is no more reason to leave it alone. What a late request cost was counted when it was late.
        if (answered) (_restUntil, _answeredAt) = (TimeSpan.MinValue, now);
        if (late && !OutcomeRules.Of(outcome).IsLie) return Standing.Same;

        Standing standing = Record(outcome, now, wall);
        if (outcome != FetchOutcome.Timeout) return standing;
        _timer.OnTimeout();
        bool answersOthers = _answeredAt > now - elapsed;
        _window.OnTimeout(now, answersOthers ? Useful(TimeSpan.Zero) : 0);

        // Who answered others meanwhile is busy and not gone: fewer requests at a time help, a pause does not.
        return answersOthers ? standing : Worse(standing, OnTimeout(now));
    }

    /// <summary>A fault was proven after the answer had been reported.</summary>
    /// <param name="outcome"><see cref="FetchOutcome.HashMismatch"/> or <see cref="FetchOutcome.Malformed"/>.</param>
    /// <param name="now">Monotonic time.</param>
    /// <param name="wall">Wall time.</param>
    /// <returns>What changed.</returns>
    public Standing Charge(FetchOutcome outcome, TimeSpan now, DateTimeOffset wall)
    {
        if (!OutcomeRules.Of(outcome).IsLie) throw new ArgumentException($"{outcome} is no fault that can be proven.", nameof(outcome));
        return Record(outcome, now, wall);
    }

    /// <summary>What must outlive the process.</summary>
    public PeerState Persist() => new()
    {
        UpdatedAt = _wall,
        Valid = _counters[(int)ScoreCounter.Valid],
        Errors = _counters[(int)ScoreCounter.Errors],
        Lies = _counters[(int)ScoreCounter.Lies],
        RestingUntil = _lieRestLeft > TimeSpan.Zero ? _wall + _lieRestLeft : null,
        BannedUntil = _banLeft > TimeSpan.Zero ? _wall + _banLeft : null,
        BlockedUntil = _blockedUntil > _wall ? _blockedUntil : null,
        Protected = _protected,
        Bans = _bans,
        LastBanEnd = _bans > 0 && _banLeft == TimeSpan.Zero ? _wall - _sinceBan : null,
        Rate = _learner?.Rate,
        Tokens = _bucket.Level,
        Requests = _requests,
        Bytes = _bytes,
        Outcomes = new Dictionary<FetchOutcome, long>(_outcomes),
        Ledger = [.. _ledger],
    };

    /// <summary>A snapshot for people.</summary>
    /// <param name="now">Monotonic time.</param>
    /// <param name="wall">Wall time.</param>
    public PeerSnapshot Snapshot(TimeSpan now, DateTimeOffset wall)
    {
        Advance(wall);
        TimeSpan rest = RestLeft(now);
        return new PeerSnapshot
        {
            Score = Score(),
            Errors = _counters[(int)ScoreCounter.Errors],
            BannedUntil = AwayUntil,
            Blocked = _blockedUntil > _wall,
            Protected = _protected,
            RestingUntil = rest > TimeSpan.Zero ? wall + rest : null,
            Bans = _bans,
            InFlight = _inFlight.Count,
            InFlightLimit = _window.Limit,
            Rate = _bucket.Rate,
            Timeout = _timer.Current,
            Requests = _requests,
            Bytes = _bytes,
            ReplyTime = _replyTime,
            Outcomes = new Dictionary<FetchOutcome, long>(_outcomes),
            Ledger = [.. Enumerable.Reverse(_ledger)],
        };
    }

    /// <summary>The rate found before, as far as it may still hold: half of its difference from the usual one is forgotten in each
    /// <see cref="RateHalfLife"/>.</summary>
    private static double? KnownRate(PeerState? state, double start, DateTimeOffset wall) =>
        state is { Version: PeerState.CurrentVersion, Rate: { } rate } && rate > 0 && double.IsFinite(rate)
            ? start + ((rate - start) * Math.Pow(0.5, Since(state, wall) / RateHalfLife))
            : null;

    /// <summary>What has come back to the bucket meanwhile: the server remembers what was asked before the restart.</summary>
    private static double? KnownTokens(PeerState? state, double rate, DateTimeOffset wall) =>
        state is { Version: PeerState.CurrentVersion } ? state.Tokens + (rate * Since(state, wall).TotalSeconds) : null;

    private static TimeSpan Since(PeerState state, DateTimeOffset wall) => wall > state.UpdatedAt ? wall - state.UpdatedAt : TimeSpan.Zero;

    private TimeSpan RoundTrip => _timer.Smoothed is { } known && known < InFlightRetry ? known : InFlightRetry;

    private void OnAnswer(TimeSpan firstByte, TimeSpan elapsed, int bytes, TimeSpan now)
    {
        _timer.OnAnswer(firstByte, elapsed, bytes);
        int ceiling = _options.InFlightMax;
        if (_learner is not null)
        {
            int owed = _learner.OnAnswer(firstByte, now);
            if (owed > 0) _bucket.Owe(owed, now);
            FollowRate(now);
            ceiling = Useful(InFlightReach);
        }

        _window.OnAnswer(ceiling, now, Useful(TimeSpan.Zero));
    }

    /// <summary>Requests that its rate can use while its quickest answer takes so long, or <paramref name="least"/>.</summary>
    private int Useful(TimeSpan least)
    {
        TimeSpan way = _learner is not null && _learner.Base > least ? _learner.Base : least;
        return _options.InFlightStart + (int)Math.Min(_options.InFlightMax, Math.Ceiling(_bucket.Rate * way.TotalSeconds));
    }

    private void Slower(TimeSpan now)
    {
        _failures = 0;
        _window.OnRefused(now);
        _learner?.OnRefused(now);
        FollowRate(now);
    }

    private void FollowRate(TimeSpan now)
    {
        if (_learner is not null && _learner.Rate != _bucket.Rate) _bucket.SetRate(_learner.Rate, now);
    }

    /// <summary>Requests that were open together time out together: only the first of them makes the rest grow.</summary>
    private Standing OnTimeout(TimeSpan now)
    {
        if (_restUntil > now) return Standing.Same;
        double factor = Math.Pow(2, Math.Min(_timeoutsInRow++, 30));
        TimeSpan rest = _options.TimeoutRestFirst * factor;
        _restUntil = now + (rest < _options.TimeoutRestMax ? rest : _options.TimeoutRestMax);
        return Standing.Rested;
    }

    private TimeSpan RestLeft(TimeSpan now)
    {
        TimeSpan rest = _restUntil > now ? _restUntil - now : TimeSpan.Zero;
        return rest > _lieRestLeft ? rest : _lieRestLeft;
    }

    private static Standing Worse(Standing a, Standing b) => a > b ? a : b;
}
