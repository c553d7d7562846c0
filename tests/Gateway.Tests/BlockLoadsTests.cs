using OpSync.Contracts.Reading;
using OpSync.Gateway.Security;
using OpSync.Gateway.Streaming;
using OpSync.Gateway.Telemetry;
using OpSync.Grains.Tests.Kit;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Gateway.Tests;

/// <summary>Single reads: room first, then the block.</summary>
public sealed class BlockLoadsTests : IDisposable
{
    private readonly LimitMetrics _metrics = new();
    private readonly ByteBudget _budget = new(4 << 20, 2 << 20);
    private readonly FakeTime _time = new();
    private readonly BlockLoads _loads;

    public BlockLoadsTests() => _loads = new BlockLoads(
        new GatewaySettings { Chains = [], Limits = new GatewayLimits { BlockLoadsMax = 3, CallerBlockLoadsMax = 2 } }, _budget, _metrics, _time);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _metrics.Dispose();

    [Fact]
    public async Task Reads_of_one_caller_stay_within_its_places_and_its_room_and_another_is_served()
    {
        TaskCompletionSource store = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int reading = 0;
        async Task<StoredPayload?> ReadAsync()
        {
            Interlocked.Increment(ref reading);
            await store.Task;
            return Block(1_000);
        }

        Task<BlockLoads.Loaded?>[] many = [.. Enumerable.Range(0, 40).Select(_ => _loads.LoadAsync(new Caller(1), BlockForm.Wire, ReadAsync, Token))];
        Assert.Equal((2, 2L << 20), (reading, _budget.Used));

        using (BlockLoads.Loaded? other = await _loads.LoadAsync(new Caller(2), BlockForm.Wire, () => Task.FromResult<StoredPayload?>(Block(1_000)), Token)) Assert.NotNull(other!.Block);
        store.SetResult();
        foreach (Task<BlockLoads.Loaded?> one in many) (await one)!.Dispose();
        Assert.Equal((40, 0L), (reading, _budget.Used));
        Assert.InRange(_budget.Most, 1, (2 << 20) + (256 << 10));
    }

    [Fact]
    public async Task Block_of_more_than_the_usual_size_is_read_again_once_there_is_room_for_it()
    {
        Assert.True(_budget.TryTake(new Caller(1), 1 << 20));
        int reads = 0;
        Task<BlockLoads.Loaded?> loading = _loads.LoadAsync(new Caller(1), BlockForm.Wire, () => Task.FromResult<StoredPayload?>(Block(reads++ < 2 ? 600_000 : 0)), Token);
        Assert.Equal((1, false, 1L << 20), (reads, loading.IsCompleted, _budget.Used));   // it holds nothing while it waits

        _budget.Return(new Caller(1), 1 << 20);
        using (BlockLoads.Loaded? loaded = await loading) Assert.Equal((2, 600_000, 1_200_000L), (reads, loaded!.Block!.Wire.Length, _budget.Used));
        Assert.Equal(0, _budget.Used);
    }

    [Fact]
    public async Task Absent_block_and_a_failing_store_give_the_room_back()
    {
        using (BlockLoads.Loaded? nothing = await _loads.LoadAsync(new Caller(1), BlockForm.Json, () => Task.FromResult<StoredPayload?>(null), Token)) Assert.Null(nothing!.Block);
        await Assert.ThrowsAsync<IOException>(() => _loads.LoadAsync(new Caller(1), BlockForm.Json, () => throw new IOException("the disk"), Token));
        Assert.Equal(0, _budget.Used);
    }

    [Fact]
    public async Task Store_that_does_not_answer_makes_others_wait_so_long_and_no_longer()
    {
        TaskCompletionSource<StoredPayload?> never = new();
        Task<BlockLoads.Loaded?>[] stuck = [.. Enumerable.Range(0, 2).Select(_ => _loads.LoadAsync(new Caller(1), BlockForm.Ssz, () => never.Task, Token))];
        Task<BlockLoads.Loaded?> third = _loads.LoadAsync(new Caller(1), BlockForm.Ssz, () => never.Task, Token);
        _time.Advance(new GatewayLimits().RequestTimeout);
        Assert.Null(await third);
        never.SetResult(null);
        foreach (Task<BlockLoads.Loaded?> one in stuck) (await one)!.Dispose();
        Assert.Equal(0, _budget.Used);
    }

    private static StoredPayload Block(int size) => new(TestChain.Right.IdAt(1), default, 0, new byte[size], null);
}
