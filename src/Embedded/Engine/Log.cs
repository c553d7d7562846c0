using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace OpSync.Embedded.Engine;

/// <summary>Log messages of the engine, event ids 9000 to 9099.</summary>
internal static partial class Log
{
    [LoggerMessage(9000, LogLevel.Information, "Embedded silo {Silo} started with {Classes} grain classes.")]
    public static partial void SiloStarted(ILogger logger, SiloAddress silo, int classes);

    [LoggerMessage(9001, LogLevel.Information, "Embedded silo {Silo} stops; {Activations} activations to end.")]
    public static partial void SiloStopping(ILogger logger, SiloAddress silo, int activations);

    [LoggerMessage(9002, LogLevel.Warning, "Embedded silo {Silo} abandoned {Activations} activations that did not end in time.")]
    public static partial void ActivationsAbandoned(ILogger logger, SiloAddress silo, int activations);

    [LoggerMessage(9003, LogLevel.Warning, "One-way call {Method} of {Grain} failed.")]
    public static partial void OneWayFailed(ILogger logger, string method, GrainId grain, Exception exception);

    [LoggerMessage(9004, LogLevel.Warning, "A timer tick of {Grain} failed.")]
    public static partial void TickFailed(ILogger logger, GrainId grain, Exception exception);

    [LoggerMessage(9005, LogLevel.Warning, "Activation of {Grain} failed.")]
    public static partial void ActivationFailed(ILogger logger, GrainId grain, Exception exception);

    [LoggerMessage(9006, LogLevel.Warning, "Deactivation of {Grain} failed; the activation ended all the same.")]
    public static partial void DeactivationFailed(ILogger logger, GrainId grain, Exception exception);

    [LoggerMessage(9007, LogLevel.Warning, "Reminder {Reminder} of {Grain} failed; the next tick comes a period later.")]
    public static partial void ReminderFailed(ILogger logger, string reminder, GrainId grain, Exception exception);

    [LoggerMessage(9008, LogLevel.Warning, "Reminder {Reminder} of {Grain} has no grain class that takes it; it waits for a start that has one.")]
    public static partial void ReminderOrphaned(ILogger logger, string reminder, GrainId grain);
}
