using OpSync.Sync.Access;

namespace OpSync.Sync.Tests.Access;

/// <summary>Whoever follows the book from any version on knows what it says, and hears no more than is new.</summary>
public sealed class AccessBookTests
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly AccessOptions s_options = new() { BlockedNetworksMax = 2, BannedPeersMax = 2 };

    private readonly AccessBook _book = new(s_options, 0, []);

    [Fact]
    public void Reader_hears_what_is_new_and_after_a_removal_everything()
    {
        Assert.True(_book.TryBlockNetwork("a", null, s_now));
        long first = _book.Version;
        Assert.True(_book.TryKeepOut(Ban("p", 60), s_now));
        long second = _book.Version;

        Assert.Equal((false, "a p"), Hear(0));
        Assert.Equal((false, "p"), Hear(first));
        Assert.Equal((false, ""), Hear(second));

        Assert.True(_book.UnblockNetwork("a", s_now));
        Assert.Equal((true, "p"), Hear(second));
        Assert.Equal((false, ""), Hear(_book.Version));
        Assert.False(_book.UnblockNetwork("a", s_now));
        Assert.False(_book.UnblockNetwork("p", s_now));
    }

    [Fact]
    public void What_is_said_again_is_no_change()
    {
        _book.TryBlockNetwork("a", null, s_now);
        _book.TryKeepOut(Ban("p", 60, sequence: 1), s_now);
        long version = _book.Version;

        Assert.True(_book.TryBlockNetwork("a", null, s_now));
        Assert.True(_book.TryKeepOut(Ban("p", 60, sequence: 2), s_now));
        _book.Readmit("q", 3, s_now);
        Assert.Equal(version, _book.Version);

        Assert.True(_book.TryBlockNetwork("a", s_now.AddMinutes(1), s_now));
        Assert.Equal((false, "a"), Hear(version));
    }

    [Fact]
    public void Entry_that_has_ended_is_not_told_and_takes_no_room()
    {
        _book.TryBlockNetwork("a", s_now.AddMinutes(1), s_now);
        _book.TryBlockNetwork("b", null, s_now);
        Assert.False(_book.TryBlockNetwork("c", null, s_now));
        Assert.True(_book.TryBlockNetwork("b", s_now.AddMinutes(2), s_now));

        DateTimeOffset later = s_now.AddMinutes(1);
        Assert.Equal("b", Names(_book.Since(0, later).Entries));
        Assert.True(_book.TryBlockNetwork("c", null, later));
        Assert.Equal("b c", Names(_book.Entries));
    }

    [Fact]
    public void Peer_whose_ban_ends_first_gives_way_to_one_that_ends_later()
    {
        _book.TryKeepOut(Ban("p", 60), s_now);
        _book.TryKeepOut(Ban("q", 120), s_now);

        Assert.False(_book.TryKeepOut(Ban("r", 60), s_now));
        Assert.True(_book.TryKeepOut(Ban("r", 90), s_now));
        Assert.True(_book.TryKeepOut(Ban("s", null), s_now));
        Assert.Equal("q s", Names(_book.Entries));
        Assert.True(_book.TryBlockNetwork("a", null, s_now));
        Assert.True(Hear(1).IsWhole);
    }

    [Fact]
    public void Notice_that_was_overtaken_changes_nothing()
    {
        _book.TryKeepOut(Ban("p", 60, sequence: 10), s_now);
        _book.TryKeepOut(Ban("p", 60, sequence: 12), s_now);

        _book.Readmit("p", 11, s_now);
        Assert.True(_book.TryKeepOut(Ban("p", 30, sequence: 11), s_now));
        Assert.Equal(s_now.AddMinutes(60), _book.Entries.Single().Until);

        _book.Readmit("p", 13, s_now);
        Assert.Empty(_book.Entries);

        // Far behind is a clock that was set back, and no late message.
        _book.TryKeepOut(Ban("p", 60, sequence: 1_000_000), s_now);
        _book.Readmit("p", 14, s_now);
        Assert.Empty(_book.Entries);
    }

    [Fact]
    public void Restored_book_tells_those_who_know_it_nothing_and_all_others_everything()
    {
        _book.TryBlockNetwork("a", null, s_now);
        long first = _book.Version;
        _book.TryKeepOut(Ban("p", 60), s_now);
        AccessBook restored = new(s_options, _book.Version, [.. _book.Entries]);

        Assert.Empty(restored.Since(_book.Version, s_now).Entries);
        Assert.Equal((true, 2), (restored.Since(first, s_now).IsWhole, restored.Since(first, s_now).Entries.Count));

        // One from before what the reader knows, as of an old backup; what is said to it then has a version of its own.
        AccessBook older = new(s_options, first, [.. _book.Entries.Where(e => e.Subject == "a")]);
        Assert.True(older.Since(_book.Version, s_now).IsWhole);
        older.TryBlockNetwork("b", null, s_now.AddSeconds(1));
        Assert.True(older.Version > _book.Version);
    }

    private static Exclusion Ban(string peer, int? minutes, long sequence = 0) =>
        new(peer, IsPeer: true, minutes is { } length ? s_now.AddMinutes(length) : null, ["192.0.2.1"], ByOperator: false, Sequence: sequence);

    private static string Names(IEnumerable<Exclusion> entries) => string.Join(' ', entries.Select(e => e.Subject).Order(StringComparer.Ordinal));

    private (bool IsWhole, string Names) Hear(long known)
    {
        (bool isWhole, IReadOnlyList<Exclusion> entries) = _book.Since(known, s_now);
        return (isWhole, Names(entries));
    }
}
