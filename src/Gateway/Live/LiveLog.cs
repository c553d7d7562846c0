using System.Globalization;
using System.Text.Json;
using OpSync.Gateway.Json;

namespace OpSync.Gateway.Live;

/// <summary>The events of one subject, compacted: of each thing only the latest state is kept. A subscriber is nothing but a
/// place in it, so a slow one costs no memory and skips states that are not true any more, and one that comes back after a break
/// gets exactly what changed.</summary>
/// <remarks>Thread-safe. Bounded by the number of things, of which one that is no more is dropped first, then the one changed
/// longest ago. Who asks for a place from before such a drop is told everything anew.</remarks>
internal sealed class LiveLog(string epoch, int thingsMax)
{
    private readonly Lock _lock = new();
    private readonly List<LiveEvent> _events = [];   // by sequence
    private readonly Dictionary<string, LiveEvent> _latest = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _sequence;
    private long _dropped;

    /// <summary>A task that ends with the next change, or the next pulse.</summary>
    public Task Changed
    {
        get
        {
            lock (_lock) return _changed.Task;
        }
    }

    /// <summary>Sets the state of a thing; nothing happens if it is the same as before.</summary>
    public void Set(string key, string type, byte[] json)
    {
        lock (_lock)
        {
            if (!Put(key, type, json)) return;
        }

        Pulse();
    }

    /// <summary>Says of every thing known and not named here that it is no more.</summary>
    public void Retain(IReadOnlySet<string> keys)
    {
        bool changed = false;
        lock (_lock)
        {
            foreach (string key in _latest.Values.Where(e => !e.IsGone && !keys.Contains(e.Key)).Select(e => e.Key).ToArray())
            {
                changed |= Put(key, LiveEvent.Gone, JsonSerializer.SerializeToUtf8Bytes(GoneJson.Of(key), GatewayJson.Default.GoneJson));
            }
        }

        if (changed) Pulse();
    }

    /// <summary>Wakes every subscriber, so that it can show that it lives.</summary>
    public void Pulse()
    {
        TaskCompletionSource changed;
        lock (_lock) (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        changed.TrySetResult();
    }

    /// <summary>Events after a place, oldest first.</summary>
    public LiveEvent[] After(long sequence, int countMax)
    {
        lock (_lock)
        {
            int first = IndexAfter(sequence);
            return [.. _events[first..Math.Min(_events.Count, first + countMax)]];
        }
    }

    /// <summary>The place that a last event id names; the start if it is of another life, too long ago, or none at all.</summary>
    public long PlaceOf(string? lastEventId)
    {
        if (lastEventId is null || !lastEventId.StartsWith(epoch + "-", StringComparison.Ordinal)) return 0;
        if (!long.TryParse(lastEventId.AsSpan(epoch.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long sequence)) return 0;
        lock (_lock) return sequence < _dropped || sequence > _sequence ? 0 : sequence;
    }

    private bool Put(string key, string type, byte[] json)
    {
        if (_latest.TryGetValue(key, out LiveEvent? before))
        {
            if (before.Json.AsSpan().SequenceEqual(json)) return false;
            _events.RemoveAt(IndexAfter(before.Sequence - 1));
        }
        else if (_latest.Count >= thingsMax)
        {
            int drop = Math.Max(0, _events.FindIndex(static e => e.IsGone));
            _dropped = Math.Max(_dropped, _events[drop].Sequence);
            _latest.Remove(_events[drop].Key);
            _events.RemoveAt(drop);
        }

        LiveEvent change = LiveEvent.Create(epoch, ++_sequence, type, key, json);
        _latest[key] = change;
        _events.Add(change);
        return true;
    }

    /// <summary>Index of the first event after a place.</summary>
    private int IndexAfter(long sequence)
    {
        int low = 0, high = _events.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_events[middle].Sequence <= sequence) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
