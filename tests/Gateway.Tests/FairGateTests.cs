using System.Net;
using OpSync.Gateway.Security;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Gateway.Tests;

/// <summary>Places for which callers take turns.</summary>
public sealed class FairGateTests
{
    private static readonly Caller s_greedy = new(1), s_modest = new(2);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Gate_lets_another_callers_work_in_before_what_one_has_waiting()
    {
        FairGate gate = new(2, 2, TimeSpan.FromSeconds(5), new FakeTime());
        IDisposable[] held = [(await gate.EnterAsync(s_greedy, Token))!, (await gate.EnterAsync(s_greedy, Token))!];
        List<Task<IDisposable?>> waiting = [.. Enumerable.Range(0, 64).Select(_ => gate.EnterAsync(s_greedy, Token).AsTask())];
        Task<IDisposable?> other = gate.EnterAsync(s_modest, Token).AsTask();

        held[0].Dispose();   // the turn of who came first
        (await waiting[0])!.Dispose();   // and then of the other

        using IDisposable? place = await other;
        Assert.NotNull(place);
        Assert.All(waiting.Skip(1), static w => Assert.False(w.IsCompleted));
        held[1].Dispose();
        foreach (Task<IDisposable?> one in waiting.Skip(1)) (await one)!.Dispose();
        Assert.Equal(1, gate.Used);
    }

    [Fact]
    public async Task Gate_keeps_places_that_one_caller_cannot_have()
    {
        FairGate gate = new(3, 2, TimeSpan.FromSeconds(5), new FakeTime());
        using IDisposable? first = await gate.EnterAsync(s_greedy, Token), second = await gate.EnterAsync(s_greedy, Token);
        Task<IDisposable?> third = gate.EnterAsync(s_greedy, Token).AsTask();
        Assert.False(third.IsCompleted);

        using IDisposable? other = await gate.EnterAsync(s_modest, Token);
        Assert.Equal(3, gate.Used);
        other!.Dispose();
        other.Dispose();   // a second time is none
        Assert.Equal(2, gate.Used);
        Assert.False(third.IsCompleted);
        first!.Dispose();
        (await third)!.Dispose();
        Assert.Equal(1, gate.Used);
    }

    [Fact]
    public async Task Gate_gives_nothing_to_who_waited_too_long_or_went_away()
    {
        FakeTime time = new();
        FairGate gate = new(1, 1, TimeSpan.FromSeconds(5), time);
        IDisposable held = (await gate.EnterAsync(s_greedy, Token))!;
        using CancellationTokenSource gone = new();
        Task<IDisposable?> left = gate.EnterAsync(s_modest, gone.Token).AsTask(), late = gate.EnterAsync(s_modest, Token).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);

        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Null(await late);
        held.Dispose();
        Assert.Equal(0, gate.Used);
        using IDisposable? place = await gate.EnterAsync(s_modest, Token);
        Assert.NotNull(place);
    }

    [Fact]
    public void Callers_of_one_network_share_their_place_and_others_do_not()
    {
        Assert.Equal(Of("2001:db8::1"), Of("2001:db8::ffff:1"));
        Assert.NotEqual(Of("2001:db8::1"), Of("2001:db8:0:1::1"));
        Assert.Equal(Of("10.0.0.1"), Of("::ffff:10.0.0.1"));

        static Caller Of(string address)
        {
            Microsoft.AspNetCore.Http.DefaultHttpContext context = new();
            context.Connection.RemoteIpAddress = IPAddress.Parse(address);
            return Caller.Of(context);
        }
    }
}
