using OpSync.Sync.Ranges;

namespace OpSync.Sync.Tests.Ranges;

public sealed class ByteBudgetTests
{
    private const long MiB = 1 << 20;
    private readonly ByteBudget _budget = new(32 * MiB);

    [Fact]
    public void Reserve_is_left_for_what_is_urgent()
    {
        Assert.True(_budget.TryTake(22 * MiB, urgent: false));
        Assert.False(_budget.TryTake(1, urgent: false));
        Assert.True(_budget.TryTake(10 * MiB, urgent: true));
        Assert.False(_budget.TryTake(1, urgent: true));
        Assert.Equal(32 * MiB, _budget.Used);
        _budget.Return(10 * MiB, urgent: true);
        Assert.False(_budget.TryTake(1, urgent: false));
    }

    [Fact(Timeout = 60_000)]
    public async Task Waiters_come_in_order_urgent_ones_first_and_nothing_overtakes_them()
    {
        CancellationToken none = TestContext.Current.CancellationToken;
        Assert.True(_budget.TryTake(32 * MiB, urgent: true));
        Task large = _budget.TakeAsync(20 * MiB, urgent: false, priority: 0, none).AsTask();
        Task small = _budget.TakeAsync(1, urgent: false, priority: 0, none).AsTask();
        Task urgent = _budget.TakeAsync(5 * MiB, urgent: true, priority: 0, none).AsTask();
        Assert.False(_budget.TryTake(0, urgent: false));

        _budget.Return(5 * MiB, urgent: true);
        await urgent;
        _budget.Return(10 * MiB + 1, urgent: true);
        Assert.False(large.IsCompleted);
        Assert.False(small.IsCompleted);
        Assert.False(_budget.TryTake(1, urgent: false));
        _budget.Return(20 * MiB, urgent: true);
        await large;
        await small;
        Assert.Equal(22 * MiB, _budget.Used);
    }

    [Fact(Timeout = 60_000)]
    public async Task Cancelled_waiter_makes_way_for_the_next()
    {
        Assert.True(_budget.TryTake(20 * MiB, urgent: false));
        using CancellationTokenSource cancel = new();
        Task first = _budget.TakeAsync(10 * MiB, urgent: false, priority: 0, cancel.Token).AsTask();
        Task second = _budget.TakeAsync(MiB, urgent: false, priority: 0, CancellationToken.None).AsTask();
        Assert.False(second.IsCompleted);
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await second;
        Assert.Equal(21 * MiB, _budget.Used);
    }

    [Fact]
    public void What_never_fits_and_what_was_never_taken_are_bugs_of_the_caller()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = _budget.TakeAsync(23 * MiB, urgent: false, priority: 0, CancellationToken.None); });
        Assert.Throws<InvalidOperationException>(() => _budget.Return(1, urgent: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ByteBudget(ByteBudget.Reserve));
    }

    [Fact(Timeout = 60_000)]
    public async Task Many_takers_at_once_never_pass_the_capacity_and_all_get_through()
    {
        await Task.WhenAll(Enumerable.Range(0, 16).Select(worker => Task.Run(async () =>
        {
            Random random = new(worker);
            for (int i = 0; i < 500; i++)
            {
                bool urgent = random.Next(8) == 0;
                long bytes = random.Next((int)(8 * MiB));
                await _budget.TakeAsync(bytes, urgent, priority: 0, CancellationToken.None);
                Assert.InRange(_budget.Used, 0, _budget.Capacity);
                await Task.Yield();
                _budget.Return(bytes, urgent);
            }
        })));
        Assert.Equal(0, _budget.Used);
    }

    [Fact(Timeout = 60_000)]
    public async Task Waiters_of_greater_priority_come_first_and_equals_in_order()
    {
        CancellationToken none = TestContext.Current.CancellationToken;
        Assert.True(_budget.TryTake(_budget.Capacity - ByteBudget.Reserve, urgent: false));
        Task backfill = _budget.TakeAsync(4 * MiB, urgent: false, priority: 0, none).AsTask();
        Task first = _budget.TakeAsync(4 * MiB, urgent: false, priority: 5, none).AsTask();
        Task second = _budget.TakeAsync(4 * MiB, urgent: false, priority: 5, none).AsTask();
        foreach (Task expected in (Task[])[first, second, backfill])
        {
            Assert.False(expected.IsCompleted);
            _budget.Return(4 * MiB, urgent: false);
            await expected;
        }
    }
}
