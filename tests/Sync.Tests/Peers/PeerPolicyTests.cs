using System.Text.Json;
using OpSync.Sync.Peers;

namespace OpSync.Sync.Tests.Peers;

public sealed class PeerPolicyTests
{
    /// <summary>Without what adapts, which has tests of its own.</summary>
    private static readonly PeerPolicyOptions s_options = new() { InFlightStart = 16, LearnsRate = false };
    private TimeSpan _now = TimeSpan.FromSeconds(10);
    private DateTimeOffset _wall = new(2026, 11, 21, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void New_peer_takes_a_burst_then_the_rate()
    {
        PeerPolicy policy = Policy();
        Assert.Equal(new Admission(15, TimeSpan.FromMilliseconds(250), RefusalReason.RateLimited), Admit(policy, 16));
        for (int i = 0; i < 15; i++) Report(policy, FetchOutcome.Good);
        Pass(TimeSpan.FromMilliseconds(250));
        Assert.Equal(new Admission(1, TimeSpan.Zero, null), Admit(policy, 1));
        Assert.Equal(16, Snapshot(policy).Requests);
    }

    [Fact]
    public void Requests_in_flight_are_limited_and_freed_by_reports()
    {
        PeerPolicy policy = Policy(s_options with { InFlightMax = 3 });
        Assert.Equal(3, Admit(policy, 5).Granted);
        Assert.Equal(RefusalReason.InFlightFull, Admit(policy, 1).Reason);
        Report(policy, FetchOutcome.NotFound);
        Assert.Equal(1, Admit(policy, 5).Granted);
        Assert.Equal(3, Snapshot(policy).InFlight);
    }

    [Fact]
    public void Lost_report_does_not_cost_a_slot_forever()
    {
        PeerPolicy policy = Policy(s_options with { InFlightMax = 3 });
        Admit(policy, 3);
        Pass(s_options.InFlightLost);
        Assert.Equal(3, Admit(policy, 3).Granted);
    }

    [Theory]
    [InlineData(FetchOutcome.NotFound)]
    [InlineData(FetchOutcome.RateLimited)]
    [InlineData(FetchOutcome.Timeout)]
    [InlineData(FetchOutcome.Failed)]
    [InlineData(FetchOutcome.Unsupported)]
    [InlineData(FetchOutcome.OurFault)]
    public void Outcome_that_proves_nothing_costs_no_score_and_never_bans(FetchOutcome outcome)
    {
        PeerPolicy policy = Policy();
        for (int i = 0; i < 10_000; i++) Assert.NotEqual(Standing.Banned, Report(policy, outcome));
        PeerSnapshot snapshot = Snapshot(policy);
        Assert.Equal(0, snapshot.Score);
        Assert.Equal(10_000, snapshot.Count(outcome));
        Assert.InRange(snapshot.Errors, 0, 9);
    }

    [Fact]
    public void Good_answers_count_half_a_point_each_and_ten_at_most()
    {
        PeerPolicy policy = Policy();
        Report(policy, FetchOutcome.Good);
        Assert.Equal(0.5, Snapshot(policy).Score);
        for (int i = 0; i < 100; i++) Report(policy, FetchOutcome.Good, bytes: 7);
        Assert.Equal(5, Snapshot(policy).Score);
        Assert.Equal(700, Snapshot(policy).Bytes);
    }

    [Fact]
    public void Reply_time_is_an_average_of_good_answers_only()
    {
        PeerPolicy policy = Policy();
        Assert.Null(Snapshot(policy).ReplyTime);
        policy.Report(FetchOutcome.Good, 1, TimeSpan.FromMilliseconds(800), _now, _wall);
        policy.Report(FetchOutcome.Good, 1, TimeSpan.FromMilliseconds(1_600), _now, _wall);
        policy.Report(FetchOutcome.Failed, 0, TimeSpan.FromSeconds(10), _now, _wall);
        Assert.Equal(TimeSpan.FromMilliseconds(900), Snapshot(policy).ReplyTime);
    }

    [Fact]
    public void First_lie_rests_the_peer_for_ten_minutes()
    {
        PeerPolicy policy = Policy();
        Assert.Equal(Standing.Rested, Report(policy, FetchOutcome.Malformed));
        Assert.Equal(-20, Snapshot(policy).Score);
        Assert.Equal(_wall + TimeSpan.FromMinutes(10), Snapshot(policy).RestingUntil);
        Assert.Equal(new Admission(0, TimeSpan.FromMinutes(10), RefusalReason.Resting), Admit(policy, 1));
        Pass(TimeSpan.FromMinutes(10));
        Assert.Equal(1, Admit(policy, 1).Granted);
    }

    [Fact]
    public void Third_lie_bans_for_an_hour_and_each_ban_after_it_is_twice_as_long_up_to_a_day()
    {
        PeerPolicy policy = Policy();
        Assert.Equal(Standing.Rested, policy.Charge(FetchOutcome.HashMismatch, _now, _wall));
        Assert.Equal(Standing.Same, policy.Charge(FetchOutcome.HashMismatch, _now, _wall));
        List<double> hours = [];
        for (int i = 0; i < 7; i++)
        {
            Standing standing = Standing.Same;
            while (standing != Standing.Banned) standing = policy.Charge(FetchOutcome.HashMismatch, _now, _wall);
            TimeSpan ban = Snapshot(policy).BannedUntil!.Value - _wall;
            hours.Add(ban.TotalHours);
            Assert.Equal(new Admission(0, ban, RefusalReason.Banned), Admit(policy, 1));
            Pass(ban - TimeSpan.FromTicks(1));
            Assert.NotNull(Snapshot(policy).BannedUntil);
            Pass(TimeSpan.FromTicks(1));
            Assert.Null(Snapshot(policy).BannedUntil);
        }

        Assert.Equal([1, 2, 4, 8, 16, 24, 24], hours);
    }

    [Fact]
    public void Bans_are_forgotten_after_their_memory()
    {
        PeerPolicy policy = Policy();
        Lie(policy, 3);
        Pass(TimeSpan.FromHours(1) + s_options.BanMemory + TimeSpan.FromTicks(1));
        Lie(policy, 3);
        Assert.Equal(_wall + TimeSpan.FromHours(1), Snapshot(policy).BannedUntil);
        Assert.Equal(1, Snapshot(policy).Bans);
    }

    [Fact]
    public void Lies_far_apart_do_not_ban()
    {
        PeerPolicy policy = Policy();
        for (int i = 0; i < 20; i++)
        {
            Assert.NotEqual(Standing.Banned, Report(policy, FetchOutcome.Malformed));
            Pass(TimeSpan.FromHours(7));
        }
    }

    [Fact]
    public void Configured_peer_is_rested_instead_of_banned()
    {
        PeerPolicy policy = Policy(s_options with { Configured = true });
        Lie(policy, 10);
        Assert.Null(Snapshot(policy).BannedUntil);
        Assert.Equal(RefusalReason.Resting, Admit(policy, 1).Reason);
        Pass(TimeSpan.FromMinutes(10));
        Assert.Equal(1, Admit(policy, 1).Granted);
    }

    [Fact]
    public void Lies_halve_in_six_hours_and_the_rest_in_two_minutes()
    {
        PeerPolicy policy = Policy();
        Report(policy, FetchOutcome.Malformed);
        for (int i = 0; i < 10; i++) Report(policy, FetchOutcome.Good);
        Assert.Equal(-15, Snapshot(policy).Score, 6);
        Pass(TimeSpan.FromMinutes(2));
        Assert.Equal(-20 * Math.Pow(0.5, 1 / 180.0) + 2.5, Snapshot(policy).Score, 6);
        Pass(TimeSpan.FromHours(6) - TimeSpan.FromMinutes(2));
        Assert.Equal(-10, Snapshot(policy).Score, 6);
        Pass(TimeSpan.FromDays(30));
        Assert.Equal(0, Snapshot(policy).Score);
    }

    [Fact]
    public void Decay_does_not_depend_on_how_often_it_is_looked_at()
    {
        PeerPolicy often = Policy(), once = Policy();
        Report(often, FetchOutcome.Malformed);
        Report(once, FetchOutcome.Malformed);
        for (int i = 0; i < 1_000; i++)
        {
            Pass(TimeSpan.FromSeconds(17));
            Snapshot(often);
        }

        Assert.Equal(Snapshot(once).Score, Snapshot(often).Score, 9);
    }

    [Fact]
    public void Clock_that_goes_back_counts_as_no_time_for_scores_and_bans()
    {
        PeerPolicy policy = Policy();
        Lie(policy, 3);
        double score = Snapshot(policy).Score;
        _wall -= TimeSpan.FromDays(3);
        Assert.Equal(score, Snapshot(policy).Score);
        Assert.Equal(_wall + TimeSpan.FromHours(1), Snapshot(policy).BannedUntil);
        Pass(TimeSpan.FromHours(1));
        Assert.Null(Snapshot(policy).BannedUntil);
    }

    [Fact]
    public void State_survives_json_and_decays_while_down()
    {
        PeerPolicy policy = Policy();
        for (int i = 0; i < 10; i++) Report(policy, FetchOutcome.Good, bytes: 100);
        Lie(policy, 3);
        string json = JsonSerializer.Serialize(policy.Persist());
        PeerState state = JsonSerializer.Deserialize<PeerState>(json)!;

        PeerPolicy same = Policy(state: state);
        Assert.Equal(Snapshot(policy).Score, Snapshot(same).Score);
        Assert.Equal(Snapshot(policy).Ledger, Snapshot(same).Ledger);
        Assert.Equal(RefusalReason.Banned, Admit(same, 1).Reason);
        Assert.Equal(1_000, Snapshot(same).Bytes);

        _wall += TimeSpan.FromHours(6);
        PeerPolicy later = Policy(state: state);
        Assert.Equal(-30, Snapshot(later).Score, 6);
        Assert.Equal(1, Admit(later, 1).Granted);
        Lie(later, 2);
        Assert.Equal(_wall + TimeSpan.FromHours(2), Snapshot(later).BannedUntil);
    }

    [Fact]
    public void Rest_after_a_lie_survives_a_restart()
    {
        PeerPolicy policy = Policy();
        Report(policy, FetchOutcome.Malformed);
        _wall += TimeSpan.FromMinutes(4);
        Assert.Equal(TimeSpan.FromMinutes(6), Admit(Policy(state: policy.Persist()), 1).RetryAfter);
    }

    [Fact]
    public void State_of_another_version_or_out_of_bounds_does_no_harm()
    {
        Assert.Equal(0, Snapshot(Policy(state: new PeerState { Version = 99, UpdatedAt = _wall, Lies = 20 })).Score);
        PeerState wild = new()
        {
            UpdatedAt = _wall + TimeSpan.FromDays(900),
            Lies = double.NaN,
            Valid = 1e9,
            Bans = -4,
            Requests = -1,
            BannedUntil = _wall + TimeSpan.FromDays(9_000),
            LastBanEnd = DateTimeOffset.MinValue,
        };
        PeerPolicy policy = Policy(state: wild);
        Assert.Equal(5, Snapshot(policy).Score, 6);
        Assert.Equal(_wall + s_options.BanMax, Snapshot(policy).BannedUntil);
    }

    [Fact]
    public void Timeouts_rest_the_peer_for_a_growing_time_until_it_answers()
    {
        PeerPolicy policy = Policy();
        List<double> seconds = [];
        for (int i = 0; i < 7; i++)
        {
            Assert.Equal(Standing.Rested, Report(policy, FetchOutcome.Timeout));
            Assert.Equal(Standing.Same, Report(policy, FetchOutcome.Timeout));
            seconds.Add(Admit(policy, 1).RetryAfter.TotalSeconds);
            Pass(Admit(policy, 1).RetryAfter);
        }

        Assert.Equal([1, 2, 4, 8, 16, 30, 30], seconds);
        Report(policy, FetchOutcome.Good);

        // That request was open when the good answer came: the peer is there.
        Assert.Equal(Standing.Same, Report(policy, FetchOutcome.Timeout));
        Assert.Equal(1, Admit(policy, 1).Granted);
        Pass(TimeSpan.FromSeconds(1));
        Report(policy, FetchOutcome.Timeout);
        Assert.Equal(TimeSpan.FromSeconds(1), Admit(policy, 1).RetryAfter);
    }

    [Fact]
    public void Refusal_for_rate_is_answered_by_going_slower()
    {
        PeerPolicy policy = Policy();
        Admit(policy, 15);
        Report(policy, FetchOutcome.RateLimited);
        Assert.Equal(TimeSpan.FromSeconds(1.25), policy.Admit(1, _now, _wall, open: 0).RetryAfter);
    }

    [Fact]
    public void Ledger_is_bounded_merges_repetition_and_keeps_lies_longest()
    {
        PeerPolicy policy = Policy();
        Report(policy, FetchOutcome.Malformed);
        Report(policy, FetchOutcome.Malformed);
        for (int i = 0; i < 500; i++)
        {
            Report(policy, i % 2 == 0 ? FetchOutcome.Timeout : FetchOutcome.Good);
            Pass(TimeSpan.FromSeconds(1));
        }

        IReadOnlyList<LedgerEntry> ledger = Snapshot(policy).Ledger;
        Assert.Equal(PeerPolicy.LedgerMax, ledger.Count);
        Assert.Equal((FetchOutcome.Malformed, -40, 2), (ledger[^1].Outcome, ledger[^1].Amount, ledger[^1].Count));
        Assert.True(ledger[0].When > ledger[1].When);
    }

    [Fact]
    public void Ledger_shows_what_an_outcome_weighs_whatever_has_decayed_before()
    {
        PeerPolicy policy = Policy();
        for (int i = 0; i < 20; i++)
        {
            Lie(policy, 1);
            Pass(TimeSpan.FromSeconds(61 + (7 * i)));
        }

        Assert.All(Snapshot(policy).Ledger.Where(line => line.Act == LedgerAct.None), line => Assert.Equal(-20, line.Amount));
    }

    [Fact]
    public void Requests_in_flight_grow_when_all_are_used_and_shrink_after_timeouts()
    {
        PeerPolicy policy = Policy(new PeerPolicyOptions { Rate = 1_000, Burst = 1_000, LearnsRate = false, InFlightMax = 6 });
        Assert.Equal(new Admission(3, TimeSpan.FromMilliseconds(50), RefusalReason.InFlightFull), Admit(policy, 9));
        for (int i = 0; i < 3; i++) Report(policy, FetchOutcome.Good);
        Assert.Equal(6, Snapshot(policy).InFlightLimit);

        Assert.Equal(2, Admit(policy, 2).Granted);
        Report(policy, FetchOutcome.Timeout);
        Report(policy, FetchOutcome.Timeout);
        Assert.Equal(4, Snapshot(policy).InFlightLimit);
    }

    [Fact]
    public void Answer_that_comes_late_ends_the_rest_and_counts_once()
    {
        PeerPolicy policy = Policy();
        Admit(policy, 1);
        Report(policy, FetchOutcome.Timeout);
        Assert.Equal(RefusalReason.Resting, Admit(policy, 1).Reason);

        policy.Report(FetchOutcome.Good, 100, TimeSpan.FromSeconds(3), _now, _wall, TimeSpan.FromSeconds(3), late: true);

        Assert.Equal(1, Admit(policy, 1).Granted);
        PeerSnapshot snapshot = Snapshot(policy);
        Assert.Equal((1L, 0L, 100L, 1), (snapshot.Count(FetchOutcome.Timeout), snapshot.Count(FetchOutcome.Good), snapshot.Bytes, snapshot.InFlight));
        Assert.True(snapshot.Timeout.Latency > TimeSpan.FromSeconds(3), "The wait does not follow what it really takes.");
    }

    [Fact]
    public void Lie_that_comes_late_is_a_lie()
    {
        PeerPolicy policy = Policy();
        Report(policy, FetchOutcome.Timeout);
        Assert.Equal(Standing.Rested, policy.Report(FetchOutcome.Malformed, 0, TimeSpan.FromSeconds(3), _now, _wall, late: true));
        Assert.Equal(-20, Snapshot(policy).Score);
    }

    [Fact]
    public void Block_by_an_operator_holds_until_its_end_and_over_a_restart()
    {
        PeerPolicy policy = Policy();
        policy.Block(_wall + TimeSpan.FromHours(2), _wall);
        Assert.Equal(new Admission(0, TimeSpan.FromHours(2), RefusalReason.Banned), Admit(policy, 1));

        policy = Policy(state: JsonSerializer.Deserialize<PeerState>(JsonSerializer.Serialize(policy.Persist())));
        Pass(TimeSpan.FromHours(2) - TimeSpan.FromTicks(1));
        Assert.True(Snapshot(policy) is { Blocked: true, BannedUntil: not null });
        Pass(TimeSpan.FromTicks(1));
        Assert.True(Snapshot(policy) is { Blocked: false, BannedUntil: null });
        Assert.Equal(1, Admit(policy, 1).Granted);
    }

    [Fact]
    public void Block_without_end_is_lifted_by_an_operator_only_and_beats_protection()
    {
        PeerPolicy policy = Policy(s_options with { Configured = true });
        policy.Protect(true, _wall);
        policy.Block(null, _wall);
        Pass(TimeSpan.FromDays(10_000));
        policy = Policy(state: JsonSerializer.Deserialize<PeerState>(JsonSerializer.Serialize(policy.Persist())));
        Assert.Equal(RefusalReason.Banned, Admit(policy, 1).Reason);
        Assert.Equal(DateTimeOffset.MaxValue, Snapshot(policy).BannedUntil);

        policy.Unblock(_wall);

        Assert.Equal(1, Admit(policy, 1).Granted);
        Assert.Equal(["Unblocked", "Blocked", "Protected"], Snapshot(policy).Ledger.Select(e => e.Reason));
    }

    [Fact]
    public void Unblock_lifts_a_ban_and_forgives_the_lies_but_remembers_that_there_was_one()
    {
        PeerPolicy policy = Policy();
        Lie(policy, 3);
        policy.Unblock(_wall);
        Assert.Equal((null, 0.0), (Snapshot(policy).BannedUntil, Snapshot(policy).Score));
        Lie(policy, 3);
        Assert.Equal(_wall + TimeSpan.FromHours(2), Snapshot(policy).BannedUntil);
    }

    [Fact]
    public void Protected_peer_is_rested_instead_of_banned()
    {
        PeerPolicy policy = Policy();
        policy.Protect(true, _wall);
        Lie(policy, 10);
        Assert.Equal(RefusalReason.Resting, Admit(policy, 1).Reason);
        policy.Protect(false, _wall);
        Lie(policy, 1);
        Assert.Equal(RefusalReason.Banned, Admit(policy, 1).Reason);
    }

    [Fact]
    public void Charge_of_what_is_no_lie_is_a_bug_of_the_caller() =>
        Assert.Throws<ArgumentException>(() => Policy().Charge(FetchOutcome.Timeout, _now, _wall));

    [Fact]
    public void Rate_that_was_cut_outlives_a_restart_and_is_forgotten_by_halves()
    {
        PeerPolicyOptions options = new();
        PeerPolicy policy = Policy(options);
        for (int i = 0; i < 4; i++)
        {
            Report(policy, FetchOutcome.RateLimited);
            Pass(TimeSpan.FromSeconds(3));
        }

        double cut = Snapshot(policy).Rate;
        Assert.InRange(cut, 0.5, 2);
        PeerState state = JsonSerializer.Deserialize<PeerState>(JsonSerializer.Serialize(policy.Persist()))!;
        Assert.Equal(cut, Snapshot(Policy(options, state)).Rate, 3);
        Pass(TimeSpan.FromHours(1));
        Assert.Equal(4 - ((4 - cut) / 2), Snapshot(Policy(options, state)).Rate, 2);
    }

    [Fact]
    public void Burst_that_was_used_is_not_granted_anew_by_a_restart()
    {
        PeerPolicyOptions options = new() { InFlightStart = 16 };
        PeerPolicy policy = Policy(options);
        Assert.Equal(15, Admit(policy, 16).Granted);
        PeerState state = policy.Persist();
        Assert.Equal(0, Admit(Policy(options, state), 16).Granted);
        Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(4, Admit(Policy(options, state), 16).Granted);
    }

    [Fact]
    public void Rate_beyond_the_usual_is_tried_by_half_and_only_with_a_peer_that_may_grant_it()
    {
        PeerState state = new() { UpdatedAt = _wall, Rate = 104 };
        RateLearner learner = new(4, 4, _now, state.Rate);
        Assert.Equal(4, learner.Rate);
        learner.SetMax(1_000);
        Assert.Equal(54, learner.Rate);
        learner.SetMax(4);
        Assert.Equal(4, learner.Rate);
        Assert.Equal(4, Snapshot(Policy(new PeerPolicyOptions(), state with { Rate = double.NaN, Tokens = double.PositiveInfinity })).Rate);
    }

    [Fact]
    public void Request_that_never_left_costs_neither_token_nor_rate_nor_standing()
    {
        PeerPolicy policy = Policy();
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(1, Admit(policy, 1).Granted);
            Report(policy, FetchOutcome.NotAsked);
        }

        PeerSnapshot snapshot = Snapshot(policy);
        Assert.Equal((0L, 4.0, 0.0, 0), (snapshot.Requests, snapshot.Rate, snapshot.Errors, snapshot.InFlight));
    }

    [Fact]
    public void Streams_reset_now_and_then_do_not_make_it_slower_and_failures_in_a_row_do()
    {
        PeerPolicy policy = Policy(new PeerPolicyOptions());
        for (int i = 0; i < 300; i++)
        {
            Report(policy, i % 20 == 0 ? FetchOutcome.Failed : FetchOutcome.Good);
            Pass(TimeSpan.FromSeconds(0.25));
        }

        Assert.Equal(4, Snapshot(policy).Rate);
        for (int i = 0; i < 3; i++) Report(policy, FetchOutcome.Failed);
        Assert.True(Snapshot(policy).Rate < 4);
    }

    private PeerPolicy Policy(PeerPolicyOptions? options = null, PeerState? state = null) =>
        new(options ?? s_options, state, _wall, _now);

    private void Pass(TimeSpan time)
    {
        _now += time;
        _wall += time;
    }

    private Admission Admit(PeerPolicy policy, int wanted) => policy.Admit(wanted, _now, _wall);

    [Fact]
    public void Fault_without_a_time_teaches_nothing_of_the_speed()
    {
        PeerPolicy policy = Policy();
        Report(policy, FetchOutcome.Good);
        ReplyTimeout before = policy.Timeout;

        Assert.Equal(Standing.Rested, policy.Report(FetchOutcome.Malformed, 0, TimeSpan.Zero, _now, _wall));

        Assert.Equal(before, Snapshot(policy).Timeout);
    }

    private Standing Report(PeerPolicy policy, FetchOutcome outcome, int bytes = 0) =>
        policy.Report(outcome, bytes, TimeSpan.FromMilliseconds(50), _now, _wall);

    private void Lie(PeerPolicy policy, int times)
    {
        for (int i = 0; i < times; i++) policy.Charge(FetchOutcome.HashMismatch, _now, _wall);
    }

    private PeerSnapshot Snapshot(PeerPolicy policy) => policy.Snapshot(_now, _wall);
}
