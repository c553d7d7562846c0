using Orleans.Runtime;

namespace OpSync.Embedded.Engine;

/// <summary>
/// A turn that somebody may be waiting for, linked to the turn that waits. The chain flows with the execution context of a
/// turn, so a call made from it, also by way of other tasks, knows who waits for its outcome.
/// </summary>
internal sealed class CallFrame(GrainId grain, string method, Admission admission, CallFrame? caller)
{
    private static readonly AsyncLocal<CallFrame?> s_current = new();

    private volatile CallFrame? _caller = caller;
    private volatile bool _done;

    /// <summary>
    /// The innermost turn this code runs for; null outside of grains. Set inside async methods only, whose end restores it.
    /// </summary>
    public static CallFrame? Current
    {
        get => s_current.Value is { _done: false } frame ? frame : null;
        set => s_current.Value = value;
    }

    /// <summary>
    /// Ends the frame: nobody waits for it any more. It lets go of its caller, since contexts captured by others may live
    /// long.
    /// </summary>
    public void Close()
    {
        _done = true;
        _caller = null;
    }

    /// <summary>
    /// Finds a turn up the chain that <paramref name="target"/> would have to finish before it could take the new call.
    /// </summary>
    /// <returns>The cycle in words, or null.</returns>
    public static string? FindCycle(CallFrame? caller, GrainId target, string method, Admission admission)
    {
        for (CallFrame? frame = caller; frame is { _done: false }; frame = frame._caller)
        {
            if (frame.Blocks(admission) && frame.Grain == target) return Describe(caller, frame, method);
        }

        return null;
    }

    private GrainId Grain => grain;

    private bool Blocks(Admission other) => admission switch
    {
        Admission.Closed => true,
        Admission.Interleave => false,
        Admission.ReadOnly => other == Admission.Exclusive,
        _ => other != Admission.Interleave,
    };

    private static string Describe(CallFrame? innermost, CallFrame outermost, string method)
    {
        var steps = new Stack<string>();
        steps.Push($"{outermost.Grain} {method}");
        for (CallFrame? frame = innermost; frame is not null; frame = frame._caller)
        {
            steps.Push(frame.ToString());
            if (frame == outermost) break;
        }

        return string.Join(" -> ", steps);
    }

    public override string ToString() => $"{grain} {method}";
}
