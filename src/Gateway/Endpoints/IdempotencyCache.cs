using Microsoft.AspNetCore.Http;
using OpSync.Gateway.Security;

namespace OpSync.Gateway.Endpoints;

/// <summary>Answers by idempotency key. Bounded in number and age; failures are not remembered.</summary>
/// <remarks>Thread-safe. Of one process: with several gateways the grains' own idempotency remains, the same range being one job.</remarks>
internal sealed class IdempotencyCache(GatewayLimits limits, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Name, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _oldestFirst = [];

    /// <summary>Who posted what under which key.</summary>
    internal readonly record struct Name(Caller Caller, string Path, string Key);

    /// <summary>Runs the work, or takes the answer of the first run, which may still be under way.</summary>
    /// <returns>Null if the key was used with another body.</returns>
    public async Task<object?> RunAsync(Name name, object? body, Func<Task<object?>> work)
    {
        TaskCompletionSource<object?> mine = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Entry? known;
        lock (_lock)
        {
            Forget();
            known = _entries.GetValueOrDefault(name)?.Value;
            if (known is null) _entries[name] = _oldestFirst.AddLast(new Entry(name, body, mine.Task, time.GetTimestamp()));
        }

        if (known is not null) return Equals(known.Body, body) ? await known.Answer : null;
        try
        {
            object? answer = await work();
            mine.SetResult(answer);
            if (answer is IStatusCodeHttpResult { StatusCode: < 400 }) return answer;
            Drop(name);
            return answer;
        }
        catch (Exception e)
        {
            Drop(name);
            mine.SetException(e);
            _ = mine.Task.Exception;   // observed: a repetition that waited sees it too
            throw;
        }
    }

    private void Drop(Name name)
    {
        lock (_lock)
        {
            if (_entries.Remove(name, out LinkedListNode<Entry>? node)) _oldestFirst.Remove(node);
        }
    }

    private void Forget()
    {
        while (_oldestFirst.First is { Value: { } oldest }
            && (_entries.Count >= limits.IdempotencyKeysMax || time.GetElapsedTime(oldest.At) > limits.IdempotencyAge))
        {
            _entries.Remove(oldest.Name);
            _oldestFirst.RemoveFirst();
        }
    }

    private sealed record Entry(Name Name, object? Body, Task<object?> Answer, long At);
}
