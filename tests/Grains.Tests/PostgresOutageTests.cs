using OpSync.Contracts.Ranges;
using OpSync.Grains.Tests.Kit;
using OpSync.Storage.Postgres;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>PostgreSQL goes away under load and comes back: ranges go on by themselves, and nothing is lost.</summary>
public sealed class PostgresOutageTests
{
    private const ulong First = 1, Last = 600;

    public static TheoryData<string> Outages => Rounds.AreMany ? ["restart", "crash", "freeze"] : ["restart"];

    [Theory]
    [MemberData(nameof(Outages))]
    public async Task Range_completes_over_an_outage_of_the_database(string outage)
    {
        Skip.Unless(PostgresServer.Obstacle is null, PostgresServer.Obstacle ?? "");
        await using PostgresServer server = await PostgresServer.StartAsync();
        PostgresOptions postgres = new()
        {
            ConnectionString = await server.CreateDatabaseAsync(),
            CommandTimeout = TimeSpan.FromSeconds(outage == "freeze" ? 1 : 30),
            RetryTime = TimeSpan.FromSeconds(1),
            PageLength = 250,
        };
        await using World world = await World.StartAsync(new WorldOptions { Postgres = postgres });
        ScriptedPeer[] peers = [ScriptedPeer.Honest("honest-1"), ScriptedPeer.Honest("honest-2")];
        Tap tap = new(100);
        foreach (ScriptedPeer peer in peers) peer.Tap = tap;
        await world.AddAsync(peers);
        string range = await world.PostAsync(First, Last);
        foreach (int enough in (int[])[60, 250])
        {
            await World.UntilAsync(() => Task.FromResult(world.Store.Durable.Count >= enough), () => $"{world.Store.Durable.Count} blocks are durable, {enough} never were.");
            tap.Open(200);   // these come meanwhile
            if (outage == "freeze")
            {
                await server.FreezeAsync(on: true);
                await World.UntilAsync(() => SaysSoAsync(world, range), "Nobody says that the database does not answer.");
                await server.FreezeAsync(on: false);
            }
            else
            {
                await server.StopAsync(crash: outage == "crash");
                await server.StartAgainAsync();
            }
        }

        tap.Open((int)Last);

        Assert.Equal(RangeState.Complete, (await world.EndAsync(range)).State);
        await world.AssertHoldsAsync(First, Last);
        await world.BudgetReturnsAsync();
    }

    /// <summary>The range says so, or, if its grain ended by a write that failed, whoever asks for it is told.</summary>
    private static async Task<bool> SaysSoAsync(World world, string range)
    {
        const string words = "does not answer";
        try
        {
            return (await world.Range(range).GetReport()).StallText.Contains(words, StringComparison.Ordinal);
        }
        catch (IOException e)
        {
            return e.Message.Contains(words, StringComparison.Ordinal);
        }
    }
}
