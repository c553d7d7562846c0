namespace OpSync.Sync.Ranges;

/// <summary>What second copies of requests may cost: each first request earns a share of one, and a few can be saved up.</summary>
/// <remarks>Among any run of requests there are at most <c>share</c> times the first ones, and <see cref="SavedMax"/> and
/// <see cref="DebtMax"/>, copies; since the start at most <c>share</c> times the first ones, and <see cref="DebtMax"/> and one.</remarks>
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

    // One to begin with, or the first twenty blocks of a range could never be helped.
    private double _saved = share > 0 ? 1 : 0;

    /// <summary>True if so much is saved that the cursor need not wait until a copy is likely to help.</summary>
    public bool IsRich => _saved >= SavedMax / 2;

    /// <summary>True if a copy can be paid.</summary>
    public bool Allows(bool isCursor) => _saved >= 1 + (isCursor ? 0 : CursorReserve);

    /// <summary>True if a copy can be paid or owed.</summary>
    /// <param name="isEnd">No height comes after those that are asked for.</param>
    public bool MayOwe(bool isEnd) => share > 0 && _saved >= 1 - (isEnd ? DebtMax : EarlyDebtMax);

    /// <summary>A first request was made, or taken back since it was refused.</summary>
    public void OnFirst(int count = 1) => _saved = Math.Min(SavedMax, _saved + (count * share));

    /// <summary>A copy was sent, or taken back since it was refused.</summary>
    public void OnCopy(int count = 1) => _saved = Math.Min(SavedMax, _saved - count);
}
