using Microsoft.Extensions.Logging.Abstractions;
using OpSync.Libp2p.Identity;
using OpSync.Silo.Chains;
using OpSync.Silo.Peering;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>Whose requests a link ends: those of a range up to a generation, and no others.</summary>
public sealed class PeerLinkTests
{
    private readonly PeerLink _link = Create();

    [Fact]
    public void Newer_generation_ends_the_requests_of_the_older()
    {
        CancellationToken old = _link.TokenOf(Range(1));
        CancellationToken other = _link.TokenOf(new RangeKey(TestRange.ChainId, "other", 1));

        CancellationToken fresh = _link.TokenOf(Range(2));

        Assert.Equal((true, false, false), (old.IsCancellationRequested, fresh.IsCancellationRequested, other.IsCancellationRequested));
        Assert.Equal(fresh, _link.TokenOf(Range(2)));
    }

    [Fact]
    public void Older_generation_gets_nothing_and_leaves_the_newer_alone()
    {
        CancellationToken fresh = _link.TokenOf(Range(2));

        CancellationToken old = _link.TokenOf(Range(1));

        Assert.Equal((true, false), (old.IsCancellationRequested, fresh.IsCancellationRequested));
        Assert.Equal(fresh, _link.TokenOf(Range(2)));
    }

    [Fact]
    public void Cancel_reaches_its_own_generation_and_older_ones_only()
    {
        CancellationToken fresh = _link.TokenOf(Range(2));
        _link.Cancel(Range(1));
        Assert.False(fresh.IsCancellationRequested);

        _link.Cancel(Range(3));

        Assert.True(fresh.IsCancellationRequested);
    }

    [Fact]
    public void Stop_ends_the_requests_of_all_ranges()
    {
        CancellationToken[] tokens = [_link.TokenOf(Range(1)), _link.TokenOf(new RangeKey(TestRange.ChainId, "other", 1))];

        _link.Stop();

        Assert.All(tokens, token => Assert.True(token.IsCancellationRequested));
        Assert.True(_link.TokenOf(Range(2)).IsCancellationRequested);
    }

    [Fact]
    public void Range_that_asked_longest_ago_gives_way_to_one_too_many()
    {
        CancellationToken[] tokens = [.. Enumerable.Range(0, PeerLink.RangesMax).Select(i => _link.TokenOf(Named(i)))];
        Assert.Equal(tokens[0], _link.TokenOf(Named(0)));

        CancellationToken added = _link.TokenOf(Named(PeerLink.RangesMax));

        Assert.Equal([1], Enumerable.Range(0, tokens.Length).Where(i => tokens[i].IsCancellationRequested));
        Assert.False(added.IsCancellationRequested);

        static RangeKey Named(int number) => Range(1) with { RangeId = $"range-{number}" };
    }

    [Fact]
    public void Stop_may_come_twice_and_nothing_begins_after_it()
    {
        _link.Stop();
        _link.Stop();
        _link.Connect(["/ip4/192.0.2.1/tcp/1"]);
        Assert.True(_link.TokenOf(Range(1)).IsCancellationRequested);
    }

    [Fact]
    public void New_addresses_are_tried_before_those_known()
    {
        _link.Connect(["/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.2/tcp/1"]);
        _link.Connect(["/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.2/tcp/1", "/dns4/example.org/tcp/1", "/ip4/192.0.2.3/tcp/1"]);

        Assert.Equal(["192.0.2.3", "192.0.2.1", "192.0.2.2"], _link.KnownAddresses.Select(a => a.ToString()));
        _link.Stop();
    }

    [Fact]
    public void Only_a_few_requests_may_go_on_after_their_time()
    {
        int max = new PeerLinkOptions().LateMax;
        Assert.Equal(max, Enumerable.Range(0, max + 3).Count(_ => _link.TryBeginLate()));
        _link.EndLate();
        Assert.True(_link.TryBeginLate());
    }

    private static RangeKey TestRange => new(10, "range", 0);

    private static RangeKey Range(long generation) => TestRange with { Generation = generation };

    /// <summary>A link that never dials: its swarm has not started.</summary>
    private static PeerLink Create()
    {
        using PeerIdentity identity = PeerIdentity.Create(KeyType.Ed25519);
        return new PeerLink(
            new PeerKey(identity.Id.ToString()), identity.Id, new SwarmHolder(), new ChainRegistry([]), grains: null!, new PeerEpochs(), new OwnPeers(), _ => { }, new PeerLinkOptions(), new FakeTime(),
            NullLogger.Instance, CancellationToken.None);
    }
}
