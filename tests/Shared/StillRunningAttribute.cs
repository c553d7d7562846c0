using System.Collections.Concurrent;
using System.Reflection;
using Xunit.v3;

[assembly: OpSync.Shared.StillRunning]

namespace OpSync.Shared;

/// <summary>Has every test that runs for long say so in its output, and ends the wait of one that hangs. Compiled into each test project.</summary>
/// <remarks>
/// Not only for people: xunit's adapter for <c>dotnet test</c> counts an ended test process as crashed ("with exit code 0") if the end
/// of the run has not been read from its pipe yet and the last message before is more than a minute old. After a test that was silent
/// for longer, that is a race between the process's exit and a reader which a busy machine may hold up.
/// </remarks>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class StillRunningAttribute : BeforeAfterTestAttribute
{
    /// <summary>Half of the adapter's minute: the reader has as long again.</summary>
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(30);

    /// <summary>Far beyond what a test takes; the trace then says where it hung. None for long forms, which take what they are told to.</summary>
    private static readonly TimeSpan s_max = ((string[])["OPSYNC_LONG", "OPSYNC_SEEDS", "OPSYNC_FUZZ_RUNS"]).Any(name => Environment.GetEnvironmentVariable(name) is not null)
        ? TimeSpan.MaxValue : TimeSpan.FromMinutes(4);

    private readonly ConcurrentDictionary<string, ITimer> _timers = new();

    /// <inheritdoc/>
    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (Xunit.TestContext.Current.TestOutputHelper is not { } output) return;
        long started = TimeProvider.System.GetTimestamp();
        Xunit.ITestContext context = Xunit.TestContext.Current;
        _timers[test.UniqueID] = TimeProvider.System.CreateTimer(
            _ =>
            {
                TimeSpan passed = TimeProvider.System.GetElapsedTime(started);
                Say(output, passed);
                if (passed > s_max) context.CancelCurrentTest();
            },
            null,
            s_period,
            s_period);
    }

    /// <inheritdoc/>
    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (_timers.TryRemove(test.UniqueID, out ITimer? timer)) timer.Dispose();
    }

    private static void Say(Xunit.ITestOutputHelper output, TimeSpan passed)
    {
        try
        {
            output.WriteLine($"Still running after {passed.TotalSeconds:F0} s.");
        }
        catch (InvalidOperationException)
        {
            // It ended in this very moment.
        }
    }
}
