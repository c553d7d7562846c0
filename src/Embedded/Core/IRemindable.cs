using Orleans.Runtime;

namespace Orleans;

/// <summary>A grain that gets reminders.</summary>
public interface IRemindable : IGrain
{
    /// <summary>A reminder is due. An exception is logged; the next tick comes a period later.</summary>
    /// <param name="reminderName">Name it was registered under.</param>
    /// <param name="status">When it was first due, its period, and when this tick was sent.</param>
    Task ReceiveReminder(string reminderName, TickStatus status);
}
