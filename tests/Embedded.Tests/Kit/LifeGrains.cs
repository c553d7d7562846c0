using Orleans.Concurrency;

namespace OpSync.Embedded.Tests.Kit;

/// <summary>How lives of grains begin and end. The key says what goes wrong.</summary>
public interface ILifeGrain : IGrainWithStringKey
{
    Task<int> Life();

    Task<string> EndAndStay(string gate);

    Task Delay(TimeSpan time);

    Task<string> Services();

    Task Wait(string gate);

    [AlwaysInterleave]
    Task<string> Peek();
}

/// <summary>Counts lives, for each test's host.</summary>
public sealed class Lives
{
    private int _count;

    public int Next() => Interlocked.Increment(ref _count);
}

/// <summary>A service of one activation.</summary>
public sealed class Scoped(Probe probe) : IAsyncDisposable
{
    public ValueTask DisposeAsync()
    {
        probe.Tell("scope disposed");
        return ValueTask.CompletedTask;
    }
}

internal sealed class LifeGrain : Grain, ILifeGrain, IDisposable
{
    private readonly Probe _probe;
    private readonly Scoped _scoped;
    private readonly int _life;

    public LifeGrain(Probe probe, Lives lives, Scoped scoped)
    {
        _probe = probe;
        _scoped = scoped;
        _life = lives.Next();
        if (this.GetPrimaryKeyString() == "unbuildable" && _life == 1) throw new FormatException("constructor");
    }

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        string key = this.GetPrimaryKeyString();
        if (key == "unwilling" && _life == 1) throw new FormatException("activation");
        if (key == "fleeting") DeactivateOnIdle();
        if (key == "slow") await _probe.PassAsync("activation");
        if (key == "hanging" && _life == 1) await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        if (key == "deaf" && _life == 1) await _probe.PassAsync("never");
        _probe.Tell($"begin {_life}");
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        string key = this.GetPrimaryKeyString();
        _probe.Tell($"end {_life} {reason.ReasonCode}");
        if (key == "bad end") throw new FormatException("deactivation");
        if (key == "slow end") await _probe.PassAsync("deactivation");
        if (key == "deaf end") await _probe.PassAsync("never");
    }

    public Task<int> Life() => Task.FromResult(_life);

    public async Task<string> EndAndStay(string gate)
    {
        DeactivateOnIdle();
        _probe.Tell("ending");
        await _probe.PassAsync(gate);
        return "done";
    }

    public Task Delay(TimeSpan time)
    {
        DelayDeactivation(time);
        return Task.CompletedTask;
    }

    public Task<string> Services() => Task.FromResult(
        ReferenceEquals(_scoped, ServiceProvider.GetService(typeof(Scoped))) ? "one scope" : "two scopes");

    public async Task Wait(string gate)
    {
        _probe.Tell(gate);
        await _probe.PassAsync(gate);
    }

    public Task<string> Peek() => Task.FromResult("peeked");

    public void Dispose() => _probe.Tell($"disposed {_life}");
}

public interface IKeptGrain : IGrainWithStringKey
{
    Task<string> Touch();
}

[KeepAlive]
internal sealed class KeptGrain : Grain, IKeptGrain
{
    public Task<string> Touch() => Task.FromResult("kept");
}

public interface IBriefGrain : IGrainWithStringKey
{
    Task<string> Touch();
}

[CollectionAgeLimit(Minutes = 2)]
internal sealed class BriefGrain(Probe probe) : Grain, IBriefGrain
{
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        probe.Tell($"brief ended {reason.ReasonCode}");
        return Task.CompletedTask;
    }

    public Task<string> Touch() => Task.FromResult("brief");
}

/// <summary>Shared by up to three activations.</summary>
public interface IWorkerGrain : IGrainWithIntegerKey
{
    Task<int> Work(string gate);
}

[StatelessWorker(3)]
internal sealed class WorkerGrain(Probe probe, Lives lives) : Grain, IWorkerGrain
{
    private readonly int _life = lives.Next();

    public async Task<int> Work(string gate)
    {
        probe.Tell($"working {_life}");
        await probe.PassAsync(gate);
        return _life;
    }
}
