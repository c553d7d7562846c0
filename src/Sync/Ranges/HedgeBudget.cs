namespace OpSync.Sync.Ranges;

/// <summary>What second copies of requests may cost: each first request earns a share of one, and a few can be saved up.</summary>
/// <remarks>Among any run of requests there are at most <c>share</c> times the first ones, and <see cref="SavedMax"/>,
/// <see cref="DebtMax"/> and <see cref="StuckDebtMax"/>, copies; since the start one instead of <see cref="SavedMax"/>.</remarks>
/// <param name="share">Copies per first request, 0 to 1; 0 allows none at all.</param>
internal sealed class HedgeBudget(double share)
{
    /// <summary>Copies saved up at most.</summary>
    public const int SavedMax = 16;

    /// <summary>Copies that only the cursor's height may use: the whole range waits for it.</summary>
    public const int CursorReserve = 12;

    /// <summary>Copies that may be owed when nothing else can be sent: they take nobody's turn. The last heights of a range have no
    /// requests after them that could earn any, so</summary>
    public const int DebtMax = 16;

    /// <summary>all of that is for them, and before them it is this many.</summary>
    public const int EarlyDebtMax = 8;

    /// <summary>Of what may be owed at the end, this many are left to the cursor's height: others may come by themselves.</summary>
    public const int CursorDebtKept = 6;

    /// <summary>This part of what is earned is kept for the cursor's heights at the end, when nothing more will be earned and slow answers
    /// have nothing left to hide behind,</summary>
    public const double KeptShare = 0.1;

    /// <summary>up to so many copies.</summary>
    public const int KeptMax = 32;

    /// <summary>Copies that may be owed beyond those, one at a time, when the cursor has waited as long as any may and nothing else can be
    /// sent.</summary>
    public const int StuckDebtMax = 8;

    // One to begin with, or the first twenty blocks of a range could never be helped.
    private double _saved = share > 0 ? 1 : 0;
    private double _kept;

    /// <summary>True if so much is saved that the cursor need not wait until a copy is likely to help.</summary>
    public bool IsRich => _saved >= SavedMax / 2;

    /// <summary>True if a copy can be paid.</summary>
    public bool Allows(bool isCursor) => _saved >= 1 + (isCursor ? 0 : CursorReserve);

    /// <summary>True if a copy can be paid or owed.</summary>
    /// <param name="isEnd">No height comes after those that are asked for.</param>
    /// <param name="isCursor">It is for the cursor's height.</param>
    public bool MayOwe(bool isEnd, bool isCursor) => share > 0 && _saved >= 1
        - (isEnd ? isCursor ? DebtMax + _kept : DebtMax - CursorDebtKept : EarlyDebtMax);

    /// <summary>True if one more may be owed for a cursor that is stuck.</summary>
    public bool MayOweStuck => share > 0 && _saved >= 1 - DebtMax - _kept - StuckDebtMax;

    /// <summary>A first request was made, or taken back since it was refused.</summary>
    public void OnFirst(int count = 1)
    {
        double earned = count * share;
        double kept = Math.Clamp(_kept + (earned * KeptShare), 0, KeptMax);
        _saved = Math.Min(SavedMax, _saved + earned - (kept - _kept));
        _kept = kept;
    }

    /// <summary>A copy was sent, or taken back since it was refused.</summary>
    public void OnCopy(int count = 1) => _saved = Math.Min(SavedMax, _saved - count);
}
