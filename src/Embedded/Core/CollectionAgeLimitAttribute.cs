using System.Globalization;

namespace Orleans;

/// <summary>After how much idle time an activation of the grain class is collected, instead of the silo's setting.</summary>
[AttributeUsage(AttributeTargets.Class)]
public class CollectionAgeLimitAttribute : Attribute
{
    private readonly TimeSpan _period;

    /// <summary>Set the time by <see cref="Days"/>, <see cref="Hours"/> and <see cref="Minutes"/>, which add up.</summary>
    public CollectionAgeLimitAttribute()
    {
    }

    /// <summary>Sets the time by text.</summary>
    /// <param name="inactivityPeriod">A <see cref="TimeSpan"/> in its invariant text form, such as <c>00:10:00</c>.</param>
    public CollectionAgeLimitAttribute(string inactivityPeriod) =>
        _period = TimeSpan.Parse(inactivityPeriod, CultureInfo.InvariantCulture);

    /// <summary>The activation is never collected as idle.</summary>
    public bool AlwaysActive { get; set; }

    /// <summary>Days of the time.</summary>
    public double Days { get; set; }

    /// <summary>Hours of the time.</summary>
    public double Hours { get; set; }

    /// <summary>Minutes of the time.</summary>
    public double Minutes { get; set; }

    /// <summary>The time; <see cref="TimeSpan.MaxValue"/> for an activation that stays.</summary>
    public TimeSpan AgeLimit => AlwaysActive
        ? TimeSpan.MaxValue
        : _period + TimeSpan.FromDays(Days) + TimeSpan.FromHours(Hours) + TimeSpan.FromMinutes(Minutes);
}
