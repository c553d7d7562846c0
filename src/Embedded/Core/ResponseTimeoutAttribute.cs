using System.Globalization;

namespace Orleans;

/// <summary>
/// How long callers of a grain method wait before <see cref="TimeoutException"/>, instead of the silo's setting.
/// </summary>
/// <param name="timeout">A <see cref="TimeSpan"/> in its invariant text form, such as <c>00:00:01</c>.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ResponseTimeoutAttribute(string timeout) : Attribute
{
    /// <summary>The time to wait.</summary>
    public TimeSpan? Timeout { get; init; } = TimeSpan.Parse(timeout, CultureInfo.InvariantCulture);
}
