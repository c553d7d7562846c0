using System.Collections.Concurrent;
using System.Threading.Channels;

namespace OpSync.Embedded.Tests.Kit;

/// <summary>What grains tell their test, in order, and gates by which a test holds them.</summary>
public sealed class Probe
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Channel<string> _told = Channel.CreateBounded<string>(200_000);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();

    public void Tell(string what)
    {
        if (!_told.Writer.TryWrite(what)) throw new InvalidOperationException("The probe is full.");
    }

    /// <summary>The next thing told.</summary>
    public async Task<string> NextAsync()
    {
        using var limit = new CancellationTokenSource(s_patience);
        return await _told.Reader.ReadAsync(limit.Token);
    }

    /// <summary>Everything told and not read yet.</summary>
    public List<string> Rest()
    {
        var rest = new List<string>();
        while (_told.Reader.TryRead(out string? what)) rest.Add(what);
        return rest;
    }

    /// <summary>Waits at a gate until the test opens it.</summary>
    public Task PassAsync(string gate) => Gate(gate).Task.WaitAsync(s_patience);

    public void Open(string gate) => Gate(gate).TrySetResult();

    private TaskCompletionSource Gate(string name) =>
        _gates.GetOrAdd(name, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
