using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Sync.Tests.Ranges;

public sealed class RangeSyncRoomTests
{
    private const long MiB = 1 << 20;
    private static readonly RangeSyncOptions s_options = new() { HedgeShareMax = 0, StrangerRequestsMax = int.MaxValue, SizeExpectedFirst = 1 << 20, WindowBytesMax = 64 * MiB };

    [Fact]
    public void Asks_stay_within_the_share_and_grow_with_it()
    {
        Script script = new(Crowd.Target(1, 1_000), s_options);
        script.Step(new RangeEvent.Room(new WindowShare(8 * MiB, 1_000))).Peers("a");
        Assert.Equal(8, script.Open.Count);
        script.Step(new RangeEvent.Room(new WindowShare(1_000 * MiB, 32)));
        Assert.Equal(32, script.Open.Count);
        script.Step(new RangeEvent.Room(new WindowShare(1_000 * MiB, 1_000)));
        Assert.Equal(64, script.Open.Count);
    }

    [Fact]
    public void Share_that_shrinks_gives_nothing_up_that_is_there_already()
    {
        Script script = new Script(Crowd.Target(1, 1_000), s_options).Peers("a");
        foreach (ulong number in script.Open.Values.Select(o => o.Item.Number).Where(n => n < 1_000).ToArray()) script.Good(number, size: (int)MiB / 2);
        script.Step(new RangeEvent.Room(new WindowShare(4 * MiB, 64)));
        Assert.Empty(script.Rejected);
        int open = script.Open.Count;
        script.Wait(TimeSpan.FromSeconds(1));
        Assert.Equal(open, script.Open.Count);
        script.Good(1_000);
        Assert.Empty(script.Rejected);
        Assert.Equal(64, script.Promoted.Count);
    }

    [Fact]
    public void Lack_of_memory_halves_the_window_once_and_the_store_opens_it_again()
    {
        Script script = new Script(Crowd.Target(1, 1_000), s_options).Peers("a", "b");
        Assert.Equal(64, script.Open.Count);
        foreach (ulong number in script.Open.Values.Select(o => o.Item.Number).ToArray()) script.Fail(number, FetchOutcome.OurFault);
        Assert.Equal(StallReason.MemoryShort, script.Status.Stall);
        script.Wait(script.WakeAt - script.Now);
        Assert.Equal(32, script.Open.Count);
        Assert.Empty(script.Charges);

        for (ulong number = 1_000; number > 800; number--) script.Good(number, size: (int)MiB).Ack(number);
        Assert.InRange(script.Open.Count, 50, 64);
    }

    [Fact]
    public void Throttle_consumer_stops_then_resumes_without_refetch()
    {
        Script script = new Script(Crowd.Target(1, 1_000), s_options).Peers("a");
        for (ulong number = 1_000; script.FindOpen(number) is not null; number--) script.Good(number, size: (int)MiB);
        Assert.Equal(64, script.Promoted.Count);
        Assert.Empty(script.Open);
        Assert.Equal(StallReason.StoreSlow, script.Status.Stall);
        Assert.Contains("wait for the store", script.Status.StallText);
        Assert.InRange(script.Status.QuarantinedBytes, 0, 64 * MiB);

        int asked = script.Asked.Count;
        script.Ack([.. script.Promoted.Take(64).Select(b => b.Number)]);
        Assert.Equal(64, script.Asked.Count - asked);
        Assert.All(script.Asked.CountBy(a => a.Item.Number), c => Assert.Equal(1, c.Value));
        Assert.Equal(StallReason.None, script.Status.Stall);
    }

    [Fact]
    public void Range_wants_no_more_room_than_what_is_left_of_it()
    {
        Assert.Equal(new WindowShare(20 * MiB, 10), new Script(Crowd.Target(1, 10), s_options).Core.RoomWanted);
        Assert.Equal(new WindowShare(64 * MiB, 4_096), new Script(Crowd.Target(1, 10_000), s_options).Core.RoomWanted);
    }

    [Fact]
    public void Blocks_a_hundred_times_larger_than_expected_never_pass_the_window_and_one_for_the_cursor()
    {
        RangeSyncOptions options = new() { HedgeShareMax = 0, SizeExpectedFirst = 20_000, WindowBytesMax = 8 * MiB };
        Script script = new Script(Crowd.Target(1, 500), options).Peers("a", "b");
        int rounds = 0;
        while (script.Core.Result == RangeResult.None && ++rounds < 5_000)
        {
            // Answers come from the top and, every other time, from the bottom; the store takes a block only now and then.
            ulong[] open = [.. script.Open.Values.Select(o => o.Item.Number).Order()];
            if (open.Length > 0) Late(open[rounds % 2 == 0 ? 0 : ^1]);
            Assert.InRange(script.Status.QuarantinedBytes + script.Status.InFlightBytes, 0, options.WindowBytesMax + RangeSync.CursorReserve);
            foreach ((PeerKey peer, ulong id) in script.Cancelled) script.Open.Remove(id);
            if (rounds % 3 == 0 || open.Length == 0) script.Ack([.. script.Promoted.Select(b => b.Number).Distinct()]);
            if (open.Length == 0) script.Wait(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(RangeResult.Complete, script.Core.Result);
        Assert.Empty(script.Charges);

        void Late(ulong number) => script.Good(number, size: number % 100 < 50 ? 20_000 : 2_000_000);
    }
}
