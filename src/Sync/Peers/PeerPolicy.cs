namespace OpSync.Sync.Peers;

/// <summary>What one peer may be asked, and what its answers do to its standing.</summary>
/// <remarks>
/// Rates, requests in flight and short rests run on the monotonic clock; scores, bans and the rest after a lie run on the wall
/// clock, as they outlive the process, and there a clock that goes back counts as no time. Score and ban decay while nobody looks:
/// everything is worked out from the time passed. Not thread-safe.
/// </remarks>
public sealed class PeerPolicy
{
    /// <summary>Lines kept in the ledger. The oldest harmless one goes first.</summary>
    public const int LedgerMax = 64;

    /// <summary>A counter below this is 0 (op-node p2p/app_params.go, decay to zero).</summary>
    private const double DecayToZero = 0.01;

    /// <summary>The same outcome within this time adds to the last line.</summary>
    private static readonly TimeSpan LedgerMerge = TimeSpan.FromMinutes(1);

    /// <summary>Advice to a caller who met a full peer: about a round trip.</summary>
    private static readonly TimeSpan InFlightRetry = TimeSpan.FromMilliseconds(50);

    private readonly PeerPolicyOptions _options;
    private readonly TokenBucket _bucket;
    private readonly Queue<TimeSpan> _inFlight = new();
    private readonly double[] _counters = new double[4];
    private readonly Dictionary<FetchOutcome, long> _outcomes = [];
    private readonly List<LedgerEntry> _ledger = [];
    private DateTimeOffset _wall;
    private TimeSpan _banLeft;
    private TimeSpan _lieRestLeft;
    private TimeSpan _sinceBan = TimeSpan.MaxValue;
    private int _bans;
    private TimeSpan _restUntil = TimeSpan.MinValue;
    private int _timeoutsInRow;
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
        _bucket = new TokenBucket(options.Rate, options.Burst, now);
        _wall = wall;
        if (restored is { Version: PeerState.CurrentVersion }) Restore(restored);
        Advance(wall);
    }

    /// <summary>Asks for requests. What is granted counts as in flight until it is reported.</summary>
    /// <param name="wanted">Requests wished, 0 or more.</param>
    /// <param name="now">Monotonic time.</param>
    /// <param name="wall">Wall time.</param>
    /// <param name="open">Requests open right now, from whoever holds the connection. It is ahead of the reports: a caller that
    /// already has its answer is not refused for it. Null counts what was granted and not reported.</param>
    public Admission Admit(int wanted, TimeSpan now, DateTimeOffset wall, int? open = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(wanted);
        Advance(wall);
        if (_banLeft > TimeSpan.Zero) return new Admission(0, _banLeft, RefusalReason.Banned);
        TimeSpan rest = RestLeft(now);
        if (rest > TimeSpan.Zero) return new Admission(0, rest, RefusalReason.Resting);

        while (_inFlight.TryPeek(out TimeSpan since) && now - since >= _options.InFlightLost) _inFlight.Dequeue();
        int room = Math.Max(0, _options.InFlightMax - (open ?? _inFlight.Count));
        int tokens = _bucket.Available(now);
        int granted = Math.Min(wanted, Math.Min(room, tokens));
        if (granted > 0)
        {
            _bucket.TryTake(granted, now);
            _requests += granted;
            for (int i = 0; i < granted; i++) _inFlight.Enqueue(now);
        }

        if (granted == wanted) return new Admission(granted, TimeSpan.Zero, null);
        return room <= tokens
            ? new Admission(granted, InFlightRetry, RefusalReason.InFlightFull)
            : new Admission(granted, _bucket.WaitFor(1, now), RefusalReason.RateLimited);
    }

    /// <summary>A request ended.</summary>
    /// <param name="outcome">How.</param>
    /// <param name="bytes">Payload bytes received.</param>
    /// <param name="elapsed">Time it took; of good answers a moving average is kept.</param>
    /// <param name="now">Monotonic time.</param>
    /// <param name="wall">Wall time.</param>
    /// <returns>What changed.</returns>
    public Standing Report(FetchOutcome outcome, int bytes, TimeSpan elapsed, TimeSpan now, DateTimeOffset wall)
    {
        _inFlight.TryDequeue(out _);
        _bytes += Math.Max(0, bytes);
        if (outcome == FetchOutcome.Good) _replyTime = _replyTime is { } known ? known + (elapsed - known) / 8 : elapsed;
        Standing standing = Record(outcome, now, wall);
        if (outcome == FetchOutcome.Timeout) return Worse(standing, OnTimeout(now));
        if (outcome is FetchOutcome.Good or FetchOutcome.NotFound) _timeoutsInRow = 0;
        return standing;
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
        Bans = _bans,
        LastBanEnd = _bans > 0 && _banLeft == TimeSpan.Zero ? _wall - _sinceBan : null,
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
            BannedUntil = _banLeft > TimeSpan.Zero ? wall + _banLeft : null,
            RestingUntil = rest > TimeSpan.Zero ? wall + rest : null,
            Bans = _bans,
            InFlight = _inFlight.Count,
            Requests = _requests,
            Bytes = _bytes,
            ReplyTime = _replyTime,
            Outcomes = new Dictionary<FetchOutcome, long>(_outcomes),
            Ledger = [.. Enumerable.Reverse(_ledger)],
        };
    }

    private Standing Record(FetchOutcome outcome, TimeSpan now, DateTimeOffset wall)
    {
        OutcomeRule rule = OutcomeRules.Of(outcome);
        Advance(wall);
        _outcomes[outcome] = _outcomes.GetValueOrDefault(outcome) + 1;
        if (rule.TokensOwed > 0) _bucket.Owe(rule.TokensOwed, now);

        ref double counter = ref _counters[(int)rule.Counter];
        double before = counter;
        counter = Math.Min(counter + 1, OutcomeRules.Cap(rule.Counter));
        Note(outcome, (counter - before) * OutcomeRules.Weight(rule.Counter));
        return rule.IsLie ? OnLie() : Standing.Same;
    }

    /// <summary>A lie always costs a rest; enough of them, while remembered, a ban.</summary>
    private Standing OnLie()
    {
        bool restsAlready = _lieRestLeft > TimeSpan.Zero;
        _lieRestLeft = _options.LieRest;
        bool bans = _counters[(int)ScoreCounter.Lies] > _options.BanLies - 1 || Score() < _options.BanScore;
        if (_banLeft > TimeSpan.Zero) return Standing.Same;
        if (!bans || _options.Configured) return restsAlready ? Standing.Same : Standing.Rested;

        if (_sinceBan > _options.BanMemory) _bans = 0;
        double factor = Math.Pow(2, Math.Min(_bans, 30));
        _banLeft = _options.BanFirst * factor < _options.BanMax ? _options.BanFirst * factor : _options.BanMax;
        _sinceBan = TimeSpan.Zero;
        _bans++;
        return Standing.Banned;
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

    private void Note(FetchOutcome outcome, double amount)
    {
        if (_ledger.Count > 0 && _ledger[^1] is var last && last.Outcome == outcome && _wall - last.When < LedgerMerge)
        {
            _ledger[^1] = last with { Amount = last.Amount + amount, Count = last.Count + 1 };
            return;
        }

        if (_ledger.Count == LedgerMax)
        {
            int harmless = _ledger.FindIndex(entry => entry.Amount >= 0);
            _ledger.RemoveAt(Math.Max(0, harmless));
        }

        _ledger.Add(new LedgerEntry(_wall, outcome, amount));
    }

    /// <summary>Lets wall time pass. Bans and rests are kept as time left, so that a jump of the clock cannot stretch them.</summary>
    private void Advance(DateTimeOffset wall)
    {
        TimeSpan passed = wall - _wall;
        _wall = wall;
        if (passed <= TimeSpan.Zero) return;
        Decay(ScoreCounter.Valid, passed, _options.OtherHalfLife);
        Decay(ScoreCounter.Errors, passed, _options.OtherHalfLife);
        Decay(ScoreCounter.Lies, passed, _options.LieHalfLife);
        _lieRestLeft = passed < _lieRestLeft ? _lieRestLeft - passed : TimeSpan.Zero;
        TimeSpan afterBan = passed - _banLeft;
        _banLeft = passed < _banLeft ? _banLeft - passed : TimeSpan.Zero;
        if (afterBan > TimeSpan.Zero && _bans > 0) _sinceBan = afterBan < TimeSpan.MaxValue - _sinceBan ? _sinceBan + afterBan : TimeSpan.MaxValue;
    }

    private void Decay(ScoreCounter counter, TimeSpan passed, TimeSpan halfLife)
    {
        ref double value = ref _counters[(int)counter];
        value *= Math.Pow(0.5, passed / halfLife);
        if (value < DecayToZero) value = 0;
    }

    private double Score()
    {
        double score = 0;
        for (int i = 0; i < _counters.Length; i++) score += _counters[i] * OutcomeRules.Weight((ScoreCounter)i);
        return score;
    }

    private TimeSpan RestLeft(TimeSpan now)
    {
        TimeSpan rest = _restUntil > now ? _restUntil - now : TimeSpan.Zero;
        return rest > _lieRestLeft ? rest : _lieRestLeft;
    }

    private void Restore(PeerState state)
    {
        _wall = state.UpdatedAt;
        _counters[(int)ScoreCounter.Valid] = Counter(state.Valid, ScoreCounter.Valid);
        _counters[(int)ScoreCounter.Errors] = Counter(state.Errors, ScoreCounter.Errors);
        _counters[(int)ScoreCounter.Lies] = Counter(state.Lies, ScoreCounter.Lies);
        _lieRestLeft = Left(state.RestingUntil, _options.LieRest);
        _banLeft = Left(state.BannedUntil, _options.BanMax);
        _bans = Math.Max(0, state.Bans);
        _sinceBan = state.LastBanEnd is { } end && end < _wall ? _wall - end : TimeSpan.Zero;
        _requests = Math.Max(0, state.Requests);
        _bytes = Math.Max(0, state.Bytes);
        foreach ((FetchOutcome outcome, long count) in state.Outcomes) _outcomes[outcome] = count;
        _ledger.AddRange(state.Ledger.TakeLast(LedgerMax));

        TimeSpan Left(DateTimeOffset? until, TimeSpan max)
        {
            TimeSpan left = until is { } end && end > _wall ? end - _wall : TimeSpan.Zero;
            return left < max ? left : max;
        }

        static double Counter(double value, ScoreCounter counter) =>
            double.IsFinite(value) ? Math.Clamp(value, 0, OutcomeRules.Cap(counter)) : 0;
    }

    private static Standing Worse(Standing a, Standing b) => a > b ? a : b;
}
