using OpSync.Sync.Peers;

namespace OpSync.Sync.Tests.Peers;

/// <summary>Who gets what of a peer that several want.</summary>
public sealed class FairShareTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);
    private readonly Dictionary<string, int> _got = [];
    private readonly FairShare _shares = new();
    private TimeSpan _now;

    [Fact]
    public void Sole_claimant_gets_all()
    {
        Assert.Equal(5, Ask(new PeerClaim("a"), 5, 9));
        Assert.Equal(9, Ask(new PeerClaim("a"), 50, 9));
    }

    [Theory]
    [InlineData(0, 0, 0.5)]
    [InlineData(0, 1, 0.2)]
    [InlineData(-1, 1, 1.0 / 17)]
    [InlineData(-100, 100, 1.0 / 257)]
    public void Two_that_always_want_more_get_shares_by_weight(int low, int high, double expected)
    {
        for (int i = 0; i < 5_140; i++) Round(1, new PeerClaim("low", low), new PeerClaim("high", high));
        Assert.Equal(expected, _got["low"] / 5_140.0, 2);
        Assert.Equal(5_140, _got["low"] + _got["high"]);
        Assert.True(_got["low"] > 0);
    }

    [Fact]
    public void Small_urgent_claim_overtakes_a_long_one_at_once()
    {
        PeerClaim backfill = new("backfill"), urgent = new("urgent", 2);
        for (int i = 0; i < 1_000; i++) Round(1, backfill);

        // Not even there when it came: told to come back, it finds kept what it came for.
        Assert.Equal(0, Ask(urgent, 10, 0));
        int rounds = 0;
        for (; _got.GetValueOrDefault("urgent") < 10; rounds++) Round(1, backfill, urgent);

        Assert.InRange(rounds, 10, 11);
    }

    [Fact]
    public void Long_claim_does_not_pay_for_the_time_it_was_alone()
    {
        PeerClaim old = new("old"), young = new("young");
        for (int i = 0; i < 1_000; i++) Round(1, old);
        _got.Clear();
        for (int i = 0; i < 100; i++) Round(1, old, young);
        Assert.Equal(50, _got["old"], tolerance: 1.0);
    }

    [Fact]
    public void Claim_that_stays_away_holds_nobody_up_for_long()
    {
        Assert.Equal(0, Ask(new PeerClaim("gone", 2), 100, 0));
        Assert.Equal(0, Ask(new PeerClaim("here"), 4, 4));
        _now += Step * 4;
        Assert.Equal(4, Ask(new PeerClaim("here"), 4, 4));
    }

    [Fact]
    public void Claimants_are_bounded()
    {
        for (int i = 0; i < 10 * FairShare.ClaimantsMax; i++) Ask(new PeerClaim($"{i}"), 10, 1);
        _now += Step * 4;
        Assert.Equal(4, Ask(new PeerClaim("last"), 4, 4));
    }

    private void Round(int available, params PeerClaim[] claims)
    {
        int left = available;
        foreach (PeerClaim claim in claims) left -= Ask(claim, 8, left);
        _now += Step;
    }

    private int Ask(PeerClaim claim, int wanted, int available)
    {
        int granted = _shares.Grant(claim, wanted, available, _now);
        Assert.InRange(granted, 0, Math.Min(wanted, available));
        _shares.Remember(claim, wanted - granted, Step, _now);
        _got[claim.Who] = _got.GetValueOrDefault(claim.Who) + granted;
        return granted;
    }
}
