namespace OpSync.Embedded.Engine;

/// <summary>Beside which other turns of its activation a turn may run, from the most lenient on.</summary>
internal enum Admission
{
    /// <summary>Beside any other: an interleaving method, or any method of a reentrant class.</summary>
    Interleave,

    /// <summary>Beside other readers.</summary>
    ReadOnly,

    /// <summary>Beside interleaving turns only.</summary>
    Exclusive,

    /// <summary>Beside none: activation and deactivation.</summary>
    Closed,
}
