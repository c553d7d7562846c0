using OpSync.Grains.Tests.Kit;

namespace OpSync.Grains.Tests;

/// <summary>Killed silos over a data directory.</summary>
public sealed class KillTests : KillContract
{
    private protected override Task<World> StartAsync(WorldOptions options) => World.StartAsync(options);
}
