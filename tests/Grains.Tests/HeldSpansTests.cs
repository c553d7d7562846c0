using OpSync.Codec.Bulk;
using OpSync.Grains.Tests.Kit;
using OpSync.Silo.Serving;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>What a store holds is looked up once for all who ask.</summary>
public sealed class HeldSpansTests
{
    private static readonly Island s_island = new(new BlockRange(5, 9), TestChain.Right.HashAt(9), TestChain.Right.HashAt(4));
    private readonly FakeTime _time = new();
    private readonly Queue<TaskCompletionSource<IReadOnlyList<Island>>> _walks = new();
    private CancellationToken _walkToken;
    private int _walked;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Asker_who_leaves_ends_his_wait_and_not_the_walk()
    {
        HeldSpans held = Create();
        TaskCompletionSource<IReadOnlyList<Island>> walk = Walk();
        using CancellationTokenSource leaving = new();
        Task<HeldSpan[]> first = held.GetAsync(leaving.Token), second = held.GetAsync(Token);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        walk.SetResult([s_island]);

        Assert.Equal([new HeldSpan(5, 9)], await second);
        Assert.Equal((1, false), (_walked, _walkToken.IsCancellationRequested));
    }

    [Fact]
    public async Task Walk_is_good_for_its_age_and_one_that_failed_for_nothing()
    {
        HeldSpans held = Create();
        Walk().SetException(new IOException("The disk had a bad moment."));
        await Assert.ThrowsAsync<IOException>(() => held.GetAsync(Token));

        Walk().SetResult([s_island]);
        await held.GetAsync(Token);
        await held.GetAsync(Token);
        Assert.Equal(2, _walked);

        _time.Advance(TimeSpan.FromSeconds(11));
        Walk().SetResult([]);
        Assert.Empty(await held.GetAsync(Token));
    }

    private TaskCompletionSource<IReadOnlyList<Island>> Walk()
    {
        TaskCompletionSource<IReadOnlyList<Island>> walk = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _walks.Enqueue(walk);
        return walk;
    }

    private HeldSpans Create() => new(
        StandIn.Of<IBlockStore>((_, args) =>
        {
            _walked++;
            _walkToken = (CancellationToken)args[^1]!;
            return new ValueTask<IReadOnlyList<Island>>(_walks.Dequeue().Task);
        }),
        TimeSpan.FromSeconds(10), _time, Token);
}
