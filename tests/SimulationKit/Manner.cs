namespace OpSync.SimulationKit;

/// <summary>How a peer behaves. Only those from <see cref="WrongNumber"/> on lie.</summary>
public enum Manner
{
    /// <summary>Answers what it has, within its limits.</summary>
    Honest,

    /// <summary>Takes requests and never answers.</summary>
    Silent,

    /// <summary>Sends a few bytes at a time and never comes to an end.</summary>
    Trickling,

    /// <summary>Ends every answer too early.</summary>
    Truncating,

    /// <summary>Says of every block that it lacks it, whatever it claims to hold.</summary>
    Absent,

    /// <summary>Answers every second block with a server error.</summary>
    Failing,

    /// <summary>Sends the block above the one asked for.</summary>
    WrongNumber,

    /// <summary>Sends bytes that are no block, for every second height.</summary>
    Junk,

    /// <summary>Sends well-formed blocks that link to nothing.</summary>
    Garbage,

    /// <summary>Serves another chain that is consistent in itself.</summary>
    Fork,

    /// <summary>Right at even heights, of a fork at odd ones.</summary>
    HalfFork,
}
