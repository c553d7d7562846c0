namespace OpSync.Embedded.Engine;

/// <summary>A unit of work for an activation: a call or a timer tick.</summary>
internal abstract class Turn
{
    /// <summary>Beside which other turns it may run.</summary>
    public Admission Admission { get; protected set; }

    /// <summary>True if it counts as use of the activation and against its queue limit.</summary>
    public abstract bool IsCall { get; }

    /// <summary>The activation that took the turn; set when it starts.</summary>
    public Activation? Activation { get; set; }

    /// <summary>Runs on the activation's scheduler. The task never fails.</summary>
    public abstract Task RunAsync();

    /// <summary>
    /// Tells the outcome, once the activation has put the turn aside: whoever learns of it finds the grain free.
    /// </summary>
    public abstract void Conclude();

    /// <summary>Ends the turn instead of running it.</summary>
    public abstract void Refuse(Exception reason);
}
