using System.Globalization;
using Orleans.Concurrency;

namespace OpSync.Embedded.Tests.Kit;

[GenerateSerializer, Immutable]
public sealed record Message([property: Id(0)] string Text, [property: Id(1)] byte[] Body);

/// <summary>Ordinary calls.</summary>
public interface IPlainGrain : IGrainWithStringKey
{
    /// <summary>Adds one with a break between reading and writing, which overlapping turns would not survive.</summary>
    Task<int> Count();

    Task<Message> Echo(Message message);

    Task Fail(string text);

    Task FailAtOnce(string text);

    ValueTask Touch();

    ValueTask<int> Twice(int value);

    Task<bool> StaysOnScheduler();

    Task<bool> LeavesScheduler();

    Task<bool> IsCancelled(CancellationToken token);

    Task<IPlainGrain> Self();

    Task<string> Key();

    [OneWay]
    Task FailUnseen();

    /// <summary>Tells its name and waits at the gate of that name.</summary>
    Task Wait(string gate);

    [OneWay]
    Task WaitUnseen(string gate);

    [AlwaysInterleave]
    Task<string> Interleave();

    [ReadOnly]
    Task Read(string gate);

    [ResponseTimeout("00:00:05")]
    Task WaitBriefly(string gate);

    Task End();

    Task Tell(string what);

    [OneWay]
    Task TellUnseen(string what);
}

internal sealed class PlainGrain(Probe probe) : Grain, IPlainGrain
{
    private int _count;
    private int _inside;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        probe.Tell($"activated {this.GetPrimaryKeyString()}");
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        probe.Tell($"deactivated {this.GetPrimaryKeyString()} {reason.ReasonCode}");
        return Task.CompletedTask;
    }

    public async Task<int> Count()
    {
        if (Interlocked.Increment(ref _inside) != 1) throw new InvalidOperationException("Two turns at once.");
        int read = _count;
        Interlocked.Decrement(ref _inside);
        await Task.Yield();
        if (Interlocked.Increment(ref _inside) != 1) throw new InvalidOperationException("Two turns at once.");
        _count = read + 1;
        Interlocked.Decrement(ref _inside);
        return _count;
    }

    public Task<Message> Echo(Message message) => Task.FromResult(message);

    public async Task Fail(string text)
    {
        await Task.Yield();
        throw new FormatException(text);
    }

    public Task FailAtOnce(string text) => throw new FormatException(text);

    public ValueTask Touch() => ValueTask.CompletedTask;

    public async ValueTask<int> Twice(int value)
    {
        await Task.Yield();
        return 2 * value;
    }

    public async Task<bool> StaysOnScheduler()
    {
        TaskScheduler before = TaskScheduler.Current;
        await Task.Yield();
        await Task.Run(static () => { });
        return TaskScheduler.Current == before && before != TaskScheduler.Default;
    }

    public async Task<bool> LeavesScheduler()
    {
        await Task.Run(static async () => await Task.Yield()).ConfigureAwait(false);
        return TaskScheduler.Current == TaskScheduler.Default;
    }

    public async Task<bool> IsCancelled(CancellationToken token)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, token).ContinueWith(static _ => { }, TaskScheduler.Current);
        return token.IsCancellationRequested;
    }

    public Task<IPlainGrain> Self() => Task.FromResult(this.AsReference<IPlainGrain>());

    public Task<string> Key() => Task.FromResult(this.GetPrimaryKeyString());

    public Task FailUnseen() => throw new FormatException("unseen");

    public Task Wait(string gate) => PassAsync(gate);

    public Task WaitUnseen(string gate) => PassAsync(gate);

    public Task<string> Interleave() => Task.FromResult("interleaved");

    public Task Read(string gate) => PassAsync(gate);

    public Task WaitBriefly(string gate) => PassAsync(gate);

    public Task End()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task Tell(string what)
    {
        probe.Tell(what);
        return Task.CompletedTask;
    }

    public Task TellUnseen(string what) => Tell(what);

    private async Task PassAsync(string gate)
    {
        probe.Tell(gate);
        await probe.PassAsync(gate);
    }
}

/// <summary>Like the plain one, on a reentrant class.</summary>
public interface IReentrantGrain : IGrainWithIntegerKey
{
    Task Wait(string gate);

    Task<string> Enter();

    Task<string> CallMyself();
}

[Reentrant]
internal sealed class ReentrantGrain(Probe probe) : Grain, IReentrantGrain
{
    public async Task Wait(string gate)
    {
        probe.Tell(gate);
        await probe.PassAsync(gate);
    }

    public Task<string> Enter() => Task.FromResult("entered");

    public Task<string> CallMyself() => this.AsReference<IReentrantGrain>().Enter();
}

/// <summary>A key of number and text.</summary>
public interface ICompoundGrain : IGrainWithIntegerCompoundKey
{
    Task<string> Key();
}

internal sealed class CompoundGrain : Grain, ICompoundGrain
{
    public Task<string> Key()
    {
        long number = this.GetPrimaryKeyLong(out string? extension);
        return Task.FromResult(string.Create(CultureInfo.InvariantCulture, $"{number} {extension}"));
    }
}

/// <summary>A GUID key on a plain class.</summary>
public interface IPocoGrain : IGrainWithGuidKey
{
    Task<Guid> Key();
}

internal sealed class PocoGrain(IGrainContext context) : IGrainBase, IPocoGrain
{
    public IGrainContext GrainContext => context;

    public Task<Guid> Key() => Task.FromResult(this.GetPrimaryKey());
}

/// <summary>One interface, two classes.</summary>
public interface IAmbiguousGrain : IGrainWithIntegerKey
{
    Task<string> Name();
}

internal sealed class FirstAmbiguousGrain : Grain, IAmbiguousGrain
{
    public Task<string> Name() => Task.FromResult("first");
}

[GrainType("number-two")]
internal sealed class SecondAmbiguousGrain : Grain, IAmbiguousGrain
{
    public Task<string> Name() => Task.FromResult($"second {this.GetGrainId()}");
}
