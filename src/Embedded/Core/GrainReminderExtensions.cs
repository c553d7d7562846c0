using OpSync.Embedded.Engine;
using Orleans.Runtime;

namespace Orleans;

/// <summary>
/// Reminders of a grain: persistent timers that outlive activation and process. Ticks missed while no silo ran are not made
/// up.
/// </summary>
public static class GrainReminderExtensions
{
    /// <summary>Registers a reminder or changes the one of that name.</summary>
    /// <param name="grain">The grain itself; implements <see cref="IRemindable"/>.</param>
    /// <param name="reminderName">Unique within the grain.</param>
    /// <param name="dueTime">Time to the first tick, zero or more.</param>
    /// <param name="period">Time between ticks, one minute at least.</param>
    public static Task<IGrainReminder> RegisterOrUpdateReminder(
        this IGrainBase grain, string reminderName, TimeSpan dueTime, TimeSpan period) =>
        Service(grain).RegisterAsync(grain.GrainContext.GrainId, grain is IRemindable, reminderName, dueTime, period);

    /// <inheritdoc cref="RegisterOrUpdateReminder(IGrainBase, string, TimeSpan, TimeSpan)"/>
    public static Task<IGrainReminder> RegisterOrUpdateReminder(
        this Grain grain, string reminderName, TimeSpan dueTime, TimeSpan period) =>
        RegisterOrUpdateReminder((IGrainBase)grain, reminderName, dueTime, period);

    /// <summary>Ends a reminder of this grain. One that is gone already is no error.</summary>
    public static Task UnregisterReminder(this IGrainBase grain, IGrainReminder reminder)
    {
        ArgumentNullException.ThrowIfNull(reminder);
        return Service(grain).UnregisterAsync(grain.GrainContext.GrainId, reminder.ReminderName);
    }

    /// <inheritdoc cref="UnregisterReminder(IGrainBase, IGrainReminder)"/>
    public static Task UnregisterReminder(this Grain grain, IGrainReminder reminder) =>
        UnregisterReminder((IGrainBase)grain, reminder);

    /// <summary>The reminder of that name, or null.</summary>
    public static Task<IGrainReminder?> GetReminder(this IGrainBase grain, string reminderName) =>
        Service(grain).FindAsync(grain.GrainContext.GrainId, reminderName);

    /// <inheritdoc cref="GetReminder(IGrainBase, string)"/>
    public static Task<IGrainReminder?> GetReminder(this Grain grain, string reminderName) =>
        GetReminder((IGrainBase)grain, reminderName);

    /// <summary>All reminders of this grain.</summary>
    public static Task<List<IGrainReminder>> GetReminders(this IGrainBase grain) =>
        Service(grain).ListAsync(grain.GrainContext.GrainId);

    /// <inheritdoc cref="GetReminders(IGrainBase)"/>
    public static Task<List<IGrainReminder>> GetReminders(this Grain grain) => GetReminders((IGrainBase)grain);

    private static ReminderService Service(IGrainBase grain) => Activation.Of(grain).Silo.Reminders
        ?? throw new InvalidOperationException("This silo has no reminder service: configure one, such as UseInMemoryReminderService().");
}
