namespace Orleans.Runtime;

/// <summary>A registered reminder.</summary>
public interface IGrainReminder
{
    /// <summary>Name within its grain.</summary>
    string ReminderName { get; }
}
