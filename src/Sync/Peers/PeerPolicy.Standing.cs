namespace OpSync.Sync.Peers;

// Score, ledger, bans, and what an operator decided.
public sealed partial class PeerPolicy
{
    /// <summary>Lines kept in the ledger. The oldest harmless one goes first.</summary>
    public const int LedgerMax = 64;

    /// <summary>A counter below this is 0 (op-node p2p/app_params.go, decay to zero).</summary>
    private const double DecayToZero = 0.01;

    /// <summary>The same outcome within this time adds to the last line.</summary>
    private static readonly TimeSpan LedgerMerge = TimeSpan.FromMinutes(1);

    private readonly double[] _counters = new double[4];
    private readonly Dictionary<FetchOutcome, long> _outcomes = [];
    private readonly List<LedgerEntry> _ledger = [];
    private DateTimeOffset _wall;
    private TimeSpan _banLeft;
    private TimeSpan _lieRestLeft;
    private TimeSpan _sinceBan = TimeSpan.MaxValue;
    private int _bans;
    private DateTimeOffset _blockedUntil = DateTimeOffset.MinValue;
    private bool _protected;

    private TimeSpan AwayLeft
    {
        get
        {
            TimeSpan blocked = _blockedUntil > _wall ? _blockedUntil - _wall : TimeSpan.Zero;
            return blocked > _banLeft ? blocked : _banLeft;
        }
    }

    private DateTimeOffset? AwayUntil =>
        !IsAway ? null : _blockedUntil > _wall + _banLeft ? _blockedUntil : _wall + _banLeft;

    /// <summary>An operator's word: nothing is to do with this peer. Stronger than a protection.</summary>
    /// <param name="until">End, or null for until further notice.</param>
    /// <param name="wall">Wall time.</param>
    public void Block(DateTimeOffset? until, DateTimeOffset wall)
    {
        Advance(wall);
        _blockedUntil = until ?? DateTimeOffset.MaxValue;
        Note(LedgerAct.Blocked);
    }

    /// <summary>An operator's word: the ban, the block and the rest after a lie are over, and the lies forgiven.</summary>
    public void Unblock(DateTimeOffset wall)
    {
        Advance(wall);
        _blockedUntil = DateTimeOffset.MinValue;
        if (_banLeft > TimeSpan.Zero)
        {
            _banLeft = TimeSpan.Zero;
            _sinceBan = TimeSpan.Zero;
        }

        _lieRestLeft = TimeSpan.Zero;
        _counters[(int)ScoreCounter.Lies] = 0;
        Note(LedgerAct.Unblocked);
    }

    /// <summary>An operator's word: the peer is rested instead of banned from now on, or not any more.</summary>
    public void Protect(bool on, DateTimeOffset wall)
    {
        Advance(wall);
        if (on == _protected) return;
        _protected = on;
        Note(on ? LedgerAct.Protected : LedgerAct.Unprotected);
    }

    private Standing Record(FetchOutcome outcome, TimeSpan now, DateTimeOffset wall)
    {
        OutcomeRule rule = OutcomeRules.Of(outcome);
        Advance(wall);
        _outcomes[outcome] = _outcomes.GetValueOrDefault(outcome) + 1;
        if (rule.TokensOwed > 0) _bucket.Owe(rule.TokensOwed, now);

        ref double counter = ref _counters[(int)rule.Counter];
        double added = Math.Min(1, OutcomeRules.Cap(rule.Counter) - counter);   // and not the difference of sums, which is 1 only nearly
        counter += added;
        Note(outcome, added * OutcomeRules.Weight(rule.Counter));
        return rule.IsLie ? OnLie() : Standing.Same;
    }

    /// <summary>A lie always costs a rest; enough of them, while remembered, a ban.</summary>
    private Standing OnLie()
    {
        bool restsAlready = _lieRestLeft > TimeSpan.Zero;
        _lieRestLeft = _options.LieRest;
        bool bans = _counters[(int)ScoreCounter.Lies] > _options.BanLies - 1 || Score() < _options.BanScore;
        if (_banLeft > TimeSpan.Zero) return Standing.Same;
        if (!bans || _options.Configured || _protected) return restsAlready ? Standing.Same : Standing.Rested;

        if (_sinceBan > _options.BanMemory) _bans = 0;
        double factor = Math.Pow(2, Math.Min(_bans, 30));
        _banLeft = _options.BanFirst * factor < _options.BanMax ? _options.BanFirst * factor : _options.BanMax;
        _sinceBan = TimeSpan.Zero;
        _bans++;
        Note(LedgerAct.Banned);
        return Standing.Banned;
    }

    private void Note(FetchOutcome outcome, double amount)
    {
        if (_ledger.Count > 0 && _ledger[^1] is var last && last.Act == LedgerAct.None && last.Outcome == outcome && _wall - last.When < LedgerMerge)
        {
            _ledger[^1] = last with { Amount = last.Amount + amount, Count = last.Count + 1 };
            return;
        }

        Add(new LedgerEntry(_wall, outcome, amount));
    }

    private void Note(LedgerAct act) => Add(new LedgerEntry(_wall, 0, 0, 1, act));

    private void Add(LedgerEntry line)
    {
        if (_ledger.Count == LedgerMax)
        {
            int harmless = _ledger.FindIndex(entry => entry.Act == LedgerAct.None && entry.Amount >= 0);
            _ledger.RemoveAt(Math.Max(0, harmless));
        }

        _ledger.Add(line);
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

    private void Restore(PeerState state)
    {
        _wall = state.UpdatedAt;
        _counters[(int)ScoreCounter.Valid] = Counter(state.Valid, ScoreCounter.Valid);
        _counters[(int)ScoreCounter.Errors] = Counter(state.Errors, ScoreCounter.Errors);
        _counters[(int)ScoreCounter.Lies] = Counter(state.Lies, ScoreCounter.Lies);
        _lieRestLeft = Left(state.RestingUntil, _options.LieRest);
        _banLeft = Left(state.BannedUntil, _options.BanMax);
        _blockedUntil = state.BlockedUntil ?? DateTimeOffset.MinValue;
        _protected = state.Protected;
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
}
