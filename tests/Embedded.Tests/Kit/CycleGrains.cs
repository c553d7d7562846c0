using Orleans.Concurrency;

namespace OpSync.Embedded.Tests.Kit;

/// <summary>Grains that pass a call on along a path of keys, so that a test can lay any chain.</summary>
public interface IChainGrain : IGrainWithStringKey
{
    /// <summary>Awaits the next grain of the path, if there is one.</summary>
    Task<string> Follow([Immutable] string[] path);

    [AlwaysInterleave]
    Task<string> FollowInterleaving([Immutable] string[] path);

    [ReadOnly]
    Task<string> FollowReading([Immutable] string[] path);

    /// <summary>Sends the next grain on its way and ends without waiting.</summary>
    Task FollowUnawaited([Immutable] string[] path, string gate);

    [OneWay]
    Task Report(string what);

    /// <summary>Calls <paramref name="to"/> and has it report back one-way.</summary>
    Task<string> AskForReport(string to);

    Task ReportTo(string to, string what);
}

internal sealed class ChainGrain(Probe probe) : Grain, IChainGrain
{
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        string key = this.GetPrimaryKeyString();
        if (key.StartsWith("activates-by ", StringComparison.Ordinal))
            await GrainFactory.GetGrain<IChainGrain>(key[13..]).Follow([]);
    }

    public async Task<string> Follow(string[] path) => path.Length == 0 ? "end" : await Next(path).Follow(path[1..]);

    public async Task<string> FollowInterleaving(string[] path) => path.Length == 0 ? "end" : await Next(path).FollowInterleaving(path[1..]);

    public async Task<string> FollowReading(string[] path) => path.Length == 0 ? "end" : await Next(path).FollowReading(path[1..]);

    public Task FollowUnawaited(string[] path, string gate)
    {
        _ = SendAsync();
        return Task.CompletedTask;

        async Task SendAsync()
        {
            await probe.PassAsync(gate);
            probe.Tell(await Next(path).Follow(path[1..]));
        }
    }

    public Task Report(string what)
    {
        probe.Tell(what);
        return Task.CompletedTask;
    }

    public async Task<string> AskForReport(string to)
    {
        await GrainFactory.GetGrain<IChainGrain>(to).ReportTo(this.GetPrimaryKeyString(), "reported");
        return "asked";
    }

    public Task ReportTo(string to, string what) => GrainFactory.GetGrain<IChainGrain>(to).Report(what);

    private IChainGrain Next(string[] path) => GrainFactory.GetGrain<IChainGrain>(path[0]);
}
