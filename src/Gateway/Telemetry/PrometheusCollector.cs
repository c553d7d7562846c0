using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace OpSync.Gateway.Telemetry;

/// <summary>Collects the measures of this process and writes them as Prometheus text (exposition format 0.0.4).</summary>
/// <remarks>Listens from its making on. Labels come from small closed sets; beyond <see cref="SeriesMax"/> series new ones are
/// dropped and counted.</remarks>
internal sealed class PrometheusCollector : IDisposable
{
    /// <summary>Series kept.</summary>
    public const int SeriesMax = 4_096;

    /// <summary>Bounds of histograms that bring none, in their own unit.</summary>
    private static readonly double[] DefaultBounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    /// <summary>Meters whose measures are shown, by the start of their names.</summary>
    public static readonly string[] Meters = ["OpSync.", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, (Instrument Instrument, SortedDictionary<string, Series> Series)> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();
    private int _count;
    private long _dropped;

    public PrometheusCollector()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (Meters.Any(m => instrument.Meter.Name.StartsWith(m, StringComparison.Ordinal))) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<byte>((i, v, t, _) => Record(i, v, t));
        _listener.SetMeasurementEventCallback<short>((i, v, t, _) => Record(i, v, t));
        _listener.SetMeasurementEventCallback<int>((i, v, t, _) => Record(i, v, t));
        _listener.SetMeasurementEventCallback<long>((i, v, t, _) => Record(i, v, t));
        _listener.SetMeasurementEventCallback<float>((i, v, t, _) => Record(i, v, t));
        _listener.SetMeasurementEventCallback<double>((i, v, t, _) => Record(i, v, t));
        _listener.SetMeasurementEventCallback<decimal>((i, v, t, _) => Record(i, (double)v, t));
        _listener.Start();
    }

    /// <summary>Everything measured so far.</summary>
    public byte[] Write()
    {
        _listener.RecordObservableInstruments();
        StringBuilder text = new();
        lock (_lock)
        {
            foreach ((string name, (Instrument instrument, SortedDictionary<string, Series> series)) in _families)
            {
                string type = series.Values.First().Kind switch { Kind.Counter => "counter", Kind.Histogram => "histogram", _ => "gauge" };
                if (instrument.Description is { Length: > 0 } help) text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help.ReplaceLineEndings(" ").Replace("\\", "\\\\", StringComparison.Ordinal)}\n");
                text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {type}\n");
                foreach ((string labels, Series one) in series) one.Write(text, name, labels);
            }

            text.Append(CultureInfo.InvariantCulture, $"# HELP opsync_metrics_dropped_total Measures dropped beyond the series that are kept.\n# TYPE opsync_metrics_dropped_total counter\nopsync_metrics_dropped_total {_dropped}\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>Dots become underscores, the unit a suffix, and counters end in <c>_total</c> (OpenTelemetry, Prometheus
    /// compatibility).</summary>
    public static string NameOf(string name, string? unit, bool counter)
    {
        StringBuilder result = new();
        foreach (char c in name) result.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        string? suffix = unit switch { "s" => "seconds", "ms" => "milliseconds", "By" => "bytes", "%" => "percent", _ => null };
        if (suffix is not null && !name.EndsWith(suffix, StringComparison.Ordinal)) result.Append('_').Append(suffix);
        if (counter) result.Append("_total");
        return result.ToString();
    }

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        Kind kind = KindOf(instrument);
        string labels = Labels(tags);
        lock (_lock)
        {
            string name = NameOf(instrument.Name, instrument.Unit, kind is Kind.Counter);
            if (!_families.TryGetValue(name, out (Instrument Instrument, SortedDictionary<string, Series> Series) family))
            {
                family = (instrument, new SortedDictionary<string, Series>(StringComparer.Ordinal));
                if (_count < SeriesMax) _families.Add(name, family);
            }

            if (!family.Series.TryGetValue(labels, out Series? series))
            {
                if (_count >= SeriesMax)
                {
                    _dropped++;
                    return;
                }

                _count++;
                series = new Series(kind, kind == Kind.Histogram ? Bounds(instrument) : []);
                family.Series.Add(labels, series);
            }

            series.Record(value, instrument.IsObservable);
        }
    }

    private static Kind KindOf(Instrument instrument)
    {
        Type type = instrument.GetType();
        string name = type.IsGenericType ? type.GetGenericTypeDefinition().Name : type.Name;
        return name switch
        {
            "Counter`1" or "ObservableCounter`1" => Kind.Counter,
            "Histogram`1" => Kind.Histogram,
            "UpDownCounter`1" => Kind.Sum,
            _ => Kind.Gauge,
        };
    }

    private static double[] Bounds(Instrument instrument) => instrument switch
    {
        Histogram<double> { Advice.HistogramBucketBoundaries: { Count: > 0 } bounds } => [.. bounds],
        Histogram<long> { Advice.HistogramBucketBoundaries: { Count: > 0 } bounds } => [.. bounds.Select(b => (double)b)],
        Histogram<int> { Advice.HistogramBucketBoundaries: { Count: > 0 } bounds } => [.. bounds.Select(b => (double)b)],
        _ => DefaultBounds,
    };

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty) return "";
        StringBuilder labels = new();
        foreach (KeyValuePair<string, object?> tag in tags)
        {
            if (labels.Length > 0) labels.Append(',');
            labels.Append(NameOf(tag.Key, null, counter: false)).Append("=\"");
            string text = Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? "";
            labels.Append(text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('"');
        }

        return labels.ToString();
    }

    private enum Kind
    {
        Counter,
        Sum,
        Gauge,
        Histogram,
    }

    private sealed class Series(Kind kind, double[] bounds)
    {
        private readonly long[] _buckets = new long[bounds.Length];
        private double _value;
        private long _count;

        public Kind Kind => kind;

        /// <summary>Observed values replace, others add up.</summary>
        public void Record(double value, bool observed)
        {
            if (kind == Kind.Histogram)
            {
                _count++;
                for (int i = 0; i < bounds.Length; i++)
                {
                    if (value <= bounds[i]) _buckets[i]++;
                }
            }

            _value = observed || kind == Kind.Gauge ? value : _value + value;
        }

        public void Write(StringBuilder text, string name, string labels)
        {
            if (kind != Kind.Histogram)
            {
                Line(text, name, labels, _value);
                return;
            }

            string prefix = labels.Length == 0 ? "" : labels + ",";
            for (int i = 0; i < bounds.Length; i++) Line(text, name + "_bucket", $"{prefix}le=\"{bounds[i].ToString(CultureInfo.InvariantCulture)}\"", _buckets[i]);
            Line(text, name + "_bucket", prefix + "le=\"+Inf\"", _count);
            Line(text, name + "_sum", labels, _value);
            Line(text, name + "_count", labels, _count);
        }

        private static void Line(StringBuilder text, string name, string labels, double value) =>
            text.Append(name).Append(labels.Length == 0 ? "" : "{" + labels + "}").Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }
}
