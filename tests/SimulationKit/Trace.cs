using System.Globalization;
using System.Text;

namespace OpSync.SimulationKit;

/// <summary>The last things that happened, for whoever must find out why a run failed.</summary>
/// <param name="kept">How many.</param>
public sealed class Trace(int kept)
{
    /// <summary>Kept unless more are wanted.</summary>
    public const int Usual = 48;

    private readonly (TimeSpan At, string What, string Who, ulong Number, object? Detail)[] _ring = new (TimeSpan, string, string, ulong, object?)[kept];
    private long _count;

    public void Add(TimeSpan at, string what, string who = "", ulong number = 0, object? detail = null) =>
        _ring[_count++ % kept] = (at, what, who, number, detail);

    public override string ToString()
    {
        StringBuilder text = new();
        for (long i = Math.Max(0, _count - kept); i < _count; i++)
        {
            (TimeSpan at, string what, string who, ulong number, object? detail) = _ring[i % kept];
            text.Append(CultureInfo.InvariantCulture, $"  {at.TotalSeconds,10:0.0000} s  {what} {who}");
            if (number > 0) text.Append(CultureInfo.InvariantCulture, $" {number}");
            if (detail is not null) text.Append(CultureInfo.InvariantCulture, $" {detail}");
            text.Append('\n');
        }

        return text.ToString();
    }
}
