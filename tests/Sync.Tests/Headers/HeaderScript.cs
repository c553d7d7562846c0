using OpSync.Codec.Primitives;
using OpSync.Sync.Headers;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;
using OpSync.Sync.Tests.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Sync.Tests.Headers;

/// <summary>Drives a skeleton core step by step and remembers what it said.</summary>
internal sealed class HeaderScript
{
    public HeaderScript(
        ulong first, ulong top, SkeletonOptions? options = null, TrustRank rank = TrustRank.Safe, BlockId[]? marks = null, params Island[] stored)
    {
        Core = new SkeletonSync(new Anchor(top, TestChain.Hash(top), rank), first, options ?? new SkeletonOptions(), marks ?? [], stored, seed: 1);
        Step(new SkeletonEvent.Tick());
    }

    public SkeletonSync Core { get; }

    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(100);

    public TimeSpan WakeAt { get; private set; }

    public List<HeaderAsk> Open { get; } = [];

    public List<HeaderAsk> Asked { get; } = [];

    public List<Charge> Charges { get; } = [];

    public SortedDictionary<ulong, Hash32> Known { get; } = [];

    public HeaderScript Step(SkeletonEvent e)
    {
        SkeletonCommands todo = Core.Step(e, Now);
        WakeAt = todo.WakeAt;
        Asked.AddRange(todo.Ask);
        Open.AddRange(todo.Ask);
        Charges.AddRange(todo.Charge);
        foreach (KnownSpan span in todo.Known)
        {
            for (int i = 0; i < span.Hashes.Count; i++) Known[span.Top - (ulong)i] = span.Hashes[i];
        }

        return this;
    }

    public HeaderScript Sources(params string[] names) => Step(new SkeletonEvent.SourcesChanged([.. names.Select(n => new PeerKey(n))]));

    public HeaderScript Wait(TimeSpan time)
    {
        Now += time;
        return Step(new SkeletonEvent.Tick());
    }

    public HeaderScript Cursor(ulong number) => Step(new SkeletonEvent.CursorMoved(new BlockId(number, TestChain.Hash(number))));

    public HeaderAsk AskFor(ulong number) => Open.First(a => a.Number == number);

    /// <summary>Answers with headers of a chain: so many as asked, or fewer.</summary>
    public HeaderScript Give(HeaderAsk ask, int? count = null, ulong fork = 0, bool hasMore = true)
    {
        Open.Remove(ask);
        return Step(new SkeletonEvent.Replied(new HeaderReply(ask.RequestId, ask.Peer, FetchOutcome.Good, Run(ask.Number, count ?? ask.Count, fork, hasMore))));
    }

    public HeaderScript Fail(HeaderAsk ask, FetchOutcome outcome, TimeSpan retryAfter = default)
    {
        Open.Remove(ask);
        return Step(new SkeletonEvent.Replied(new HeaderReply(ask.RequestId, ask.Peer, outcome, null, retryAfter)));
    }

    /// <summary>Every peer answers what it is asked, from the right chain, until nothing is asked any more.</summary>
    public HeaderScript GiveAll(int countMax = int.MaxValue)
    {
        while (Open.Count > 0) Give(Open[0], Math.Min(countMax, Open[0].Count));
        return this;
    }

    /// <summary>All heights between these are known, and as they are on the chain.</summary>
    public void AssertKnown(ulong first, ulong last)
    {
        for (ulong number = first; number <= last; number++) Assert.Equal(TestChain.Hash(number), Known[number]);
    }

    public static HeaderRun Run(ulong top, int count, ulong fork = 0, bool hasMore = true) => new(
        [.. Enumerable.Range(0, count).Select(i => TestChain.Hash(top - (ulong)i, fork))],
        top < (ulong)count ? default : TestChain.Hash(top - (ulong)count, fork),
        hasMore);
}
