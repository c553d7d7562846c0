using System.Globalization;
using OpSync.Contracts.Ranges;

namespace OpSync.Cli.Output;

/// <summary>One line on stderr, redrawn in place on a terminal; nothing at all elsewhere.</summary>
internal sealed class ProgressLine : IDisposable
{
    private static readonly TimeSpan RedrawPeriod = TimeSpan.FromMilliseconds(200);
    private const int BarWidth = 30;

    /// <summary>Some terminals do not know their width and say 0.</summary>
    private static int Width => Console.WindowWidth > 0 ? Math.Max(20, Console.WindowWidth - 1) : 79;

    private readonly bool _terminal = !Console.IsErrorRedirected;
    private TimeSpan _drawnAt = TimeSpan.MinValue;
    private TimeSpan _sampledAt;
    private ulong? _sampled;
    private double _rate;

    public void Show(RangeReport report, TimeSpan elapsed)
    {
        if (!_terminal || (_drawnAt != TimeSpan.MinValue && elapsed - _drawnAt < RedrawPeriod)) return;
        _drawnAt = elapsed;
        ulong all = report.Last - report.First + 1;
        if (_sampled is { } before && elapsed > _sampledAt)
        {
            // A moving average with a fixed weight: an all-time average would never forget a slow start.
            double now = (report.Stored - before) / (elapsed - _sampledAt).TotalSeconds;
            _rate = _rate == 0 ? now : (0.8 * _rate) + (0.2 * now);
        }

        (_sampled, _sampledAt) = (report.Stored, elapsed);
        double share = all == 0 ? 1 : (double)report.Stored / all;
        int filled = (int)(share * BarWidth);
        string left = report.Stored < all && _rate > 0.01
            ? Left((all - report.Stored) / _rate)
            : report.StallText;
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"[{new string('#', filled)}{new string('.', BarWidth - filled)}] {report.Stored}/{all}  {_rate:F0} blocks/s  {left}");
        int width = Width;
        Console.Error.Write("\r" + (line.Length > width ? line[..width] : line.PadRight(width)));
    }

    private static string Left(double seconds) => seconds < 360_000
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)seconds / 3600:00}:{(int)seconds / 60 % 60:00}:{(int)seconds % 60:00} left")
        : string.Create(CultureInfo.InvariantCulture, $"{seconds / 86_400:F0} days left");

    /// <summary>Leaves the line empty.</summary>
    public void Clear()
    {
        if (_terminal && _drawnAt != TimeSpan.MinValue) Console.Error.Write("\r" + new string(' ', Width) + "\r");
    }

    public void Dispose() => Clear();
}
