using OpSync.Embedded.Tests.Kit;
using OpSync.TestKit;
using Orleans.Configuration;
using Xunit;

namespace OpSync.Embedded.Tests;

public sealed class CallTests
{
    private readonly Probe _probe = new();
    private readonly FakeTime _time = new();

    [Fact]
    public async Task Message_arrives_as_the_same_object_both_ways()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();
        var message = new Message("hello", [1, 2, 3]);

        Assert.Same(message, await cluster.Client.GetGrain<IPlainGrain>("a").Echo(message));
    }

    [Fact]
    public async Task Exception_crosses_with_its_type_and_text()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();

        var e = await Assert.ThrowsAsync<FormatException>(() => cluster.Client.GetGrain<IPlainGrain>("a").Fail("wrong"));

        Assert.Equal("wrong", e.Message);
    }

    [Fact]
    public async Task Exception_thrown_before_the_first_await_crosses_as_a_failed_task()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();

        Task call = cluster.Client.GetGrain<IPlainGrain>("a").FailAtOnce("wrong");

        Assert.Equal("wrong", (await Assert.ThrowsAsync<FormatException>(() => call)).Message);
    }

    [Fact]
    public async Task Value_tasks_are_awaited()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();
        var grain = cluster.Client.GetGrain<IPlainGrain>("a");

        await grain.Touch();

        Assert.Equal(42, await grain.Twice(21));
    }

    [Fact]
    public async Task Cancellation_reaches_the_running_grain()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();
        using var cancel = new CancellationTokenSource();
        Task<bool> call = cluster.Client.GetGrain<IPlainGrain>("a").IsCancelled(cancel.Token);
        await cancel.CancelAsync();

        Assert.True(await call.Soon());
    }

    [Fact]
    public async Task One_way_call_returns_before_the_grain_has_run()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();

        Task call = cluster.Client.GetGrain<IPlainGrain>("a").WaitUnseen("gate");

        Assert.True(call.IsCompletedSuccessfully);
        Assert.Equal("activated a", await _probe.NextAsync());
        Assert.Equal("gate", await _probe.NextAsync());
        _probe.Open("gate");
    }

    [Fact]
    public async Task One_way_failure_is_counted_and_not_thrown()
    {
        using var failures = new Counted("opsync.embedded.one_way.failures");
        await using var cluster = await Cluster.Build(_probe).StartAsync();
        var grain = cluster.Client.GetGrain<IPlainGrain>("a");

        await grain.FailUnseen();
        await grain.Key();   // behind it in the queue of the grain

        Assert.True(failures.Value >= 1);
    }

    [Fact]
    public async Task Caller_gives_up_at_the_default_timeout_and_not_before()
    {
        await using var cluster = await Cluster.Build(_probe, _time).StartAsync();
        Task call = cluster.Client.GetGrain<IPlainGrain>("a").Wait("gate");

        _time.Advance(TimeSpan.FromSeconds(29.9));
        Assert.False(call.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.1));

        var e = await Assert.ThrowsAsync<TimeoutException>(() => call.Soon());
        Assert.Contains("IPlainGrain.Wait", e.Message, StringComparison.Ordinal);
        _probe.Open("gate");
    }

    [Fact]
    public async Task Caller_gives_up_at_the_timeout_of_the_method_where_it_has_one()
    {
        await using var cluster = await Cluster.Build(_probe, _time).StartAsync();
        Task first = cluster.Client.GetGrain<IPlainGrain>("a").WaitBriefly("gate");
        _time.Advance(TimeSpan.FromSeconds(3));
        Task second = cluster.Client.GetGrain<IPlainGrain>("b").WaitBriefly("gate");

        _time.Advance(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAsync<TimeoutException>(() => first.Soon());
        Assert.False(second.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(3));

        await Assert.ThrowsAsync<TimeoutException>(() => second.Soon());
        _probe.Open("gate");
    }

    [Fact]
    public async Task Call_that_timed_out_in_the_queue_never_runs()
    {
        await using var cluster = await Cluster.Build(_probe, _time).StartAsync();
        var grain = cluster.Client.GetGrain<IPlainGrain>("a");
        await grain.WaitUnseen("gate");
        Assert.Equal(["activated a", "gate"], [await _probe.NextAsync(), await _probe.NextAsync()]);
        Task waiting = grain.Tell("too late");
        _time.Advance(TimeSpan.FromSeconds(30));
        await Assert.ThrowsAsync<TimeoutException>(() => waiting.Soon());

        _probe.Open("gate");
        await grain.Tell("in time");

        Assert.Equal(["in time"], _probe.Rest());
    }

    [Fact]
    public async Task Answered_call_leaves_nothing_to_the_timeout()
    {
        await using var cluster = await Cluster.Build(_probe, _time).StartAsync();
        Task<string> call = cluster.Client.GetGrain<IPlainGrain>("a").Key();
        await call.Soon();

        _time.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal("a", await call);
    }

    [Fact]
    public async Task Call_beyond_the_queue_limit_is_refused_at_once()
    {
        await using var cluster = await Cluster.Build(_probe)
            .ConfigureSilo(silo => silo.Configure<SiloMessagingOptions>(o => o.MaxEnqueuedRequestsHardLimit = 3)).StartAsync();
        var grain = cluster.Client.GetGrain<IPlainGrain>("a");
        Task running = grain.Wait("gate");
        await _probe.NextAsync();
        await _probe.NextAsync();
        Task<string>[] waiting = [grain.Key(), grain.Key(), grain.Key()];

        var e = await Assert.ThrowsAsync<LimitExceededException>(() => grain.Key().Soon());

        Assert.Contains("3 calls waiting", e.Message, StringComparison.Ordinal);
        _probe.Open("gate");
        await running.Soon();
        Assert.Equal(["a", "a", "a"], await Task.WhenAll(waiting).Soon());
    }

    [Fact]
    public async Task Grain_beyond_the_limit_of_the_silo_is_refused()
    {
        await using var cluster = await Cluster.Build(_probe)
            .ConfigureSilo(silo => silo.Configure<EmbeddedOptions>(o => o.ActivationsMax = 2)).StartAsync();
        await cluster.Client.GetGrain<IPlainGrain>("a").Key();
        await cluster.Client.GetGrain<IPlainGrain>("b").Key();

        await Assert.ThrowsAsync<LimitExceededException>(() => cluster.Client.GetGrain<IPlainGrain>("c").Key());

        await cluster.DeactivateAsync(cluster.Client.GetGrain<IPlainGrain>("a"));
        Assert.Equal("c", await cluster.Client.GetGrain<IPlainGrain>("c").Key());
    }

    [Fact]
    public async Task Keys_of_every_kind_arrive()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();
        var guid = Guid.Parse("b7a6ea2c-38ac-4e9d-93f0-79c8b20bcbb6");

        Assert.Equal("ключ/with slash", await cluster.Client.GetGrain<IPlainGrain>("ключ/with slash").Key());
        Assert.Equal("-7 ten+one", await cluster.Client.GetGrain<ICompoundGrain>(-7, "ten+one").Key());
        Assert.Equal(guid, await cluster.Client.GetGrain<IPocoGrain>(guid).Key());
    }

    [Fact]
    public async Task Grain_passes_a_reference_to_itself()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();
        var grain = cluster.Client.GetGrain<IPlainGrain>("a");

        IPlainGrain self = await grain.Self();

        Assert.Equal(grain, self);
        Assert.Equal(GrainId.Create("plain", "a"), self.GetGrainId());
        Assert.Equal(1, await self.Count());
    }

    [Fact]
    public async Task Class_prefix_chooses_between_two_classes()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();

        Assert.Throws<ArgumentException>(() => cluster.Client.GetGrain<IAmbiguousGrain>(1));
        Assert.Equal("first", await cluster.Client.GetGrain<IAmbiguousGrain>(1, typeof(FirstAmbiguousGrain).FullName).Name());
        Assert.Equal("second number-two/A", await cluster.Client.GetGrain<IAmbiguousGrain>(10, typeof(SecondAmbiguousGrain).FullName).Name());
    }

    [Fact]
    public async Task Reference_by_id_needs_a_class_with_the_interface()
    {
        await using var cluster = await Cluster.Build(_probe).StartAsync();

        Assert.Equal("x", await cluster.Client.GetGrain<IPlainGrain>(GrainId.Parse("plain/x")).Key());
        Assert.Throws<ArgumentException>(() => cluster.Client.GetGrain<IReentrantGrain>(GrainId.Parse("plain/x")));
        Assert.Throws<ArgumentException>(() => cluster.Client.GetGrain<IPlainGrain>(GrainId.Parse("nobody/x")));
    }
}
