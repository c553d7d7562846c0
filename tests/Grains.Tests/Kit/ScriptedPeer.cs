using OpSync.Codec.OpStack;
using OpSync.Contracts.Peers;
using OpSync.Silo.Fetching;

namespace OpSync.Grains.Tests.Kit;

/// <summary>What a scripted peer does with a request: bytes, or an end without bytes.</summary>
/// <param name="Bytes">The answer from the result code on, or null.</param>
/// <param name="Failure">Without bytes: how the request ends.</param>
internal readonly record struct PeerAnswer(byte[]? Bytes, FetchVerdict Failure = default);

/// <summary>A peer of the crowd. Its script is asked once for each request.</summary>
internal sealed class ScriptedPeer(string id, Func<ulong, CancellationToken, Task<PeerAnswer>> script)
{
    private volatile TaskCompletionSource? _gate;
    private int _open;
    private int _late;
    private int _inFlight;
    private int _inFlightMost;

    public string Id => id;

    /// <summary>Requests that have no outcome yet, waiting for memory included.</summary>
    public int Open => Volatile.Read(ref _open);

    public void Count(int change) => Interlocked.Add(ref _open, change);

    /// <summary>Requests that may go on after their time.</summary>
    public int LateMax { get; init; } = 4;

    public bool TryBeginLate()
    {
        if (Interlocked.Increment(ref _late) <= LateMax) return true;
        EndLate();
        return false;
    }

    public void EndLate() => Interlocked.Decrement(ref _late);

    /// <summary>Whether a dial succeeds.</summary>
    public bool IsReachable { get; set; } = true;

    /// <summary>Chains it says it serves; null before it said anything.</summary>
    public ulong[]? Chains { get; set; } = [TestChain.Id];

    /// <summary>The chain whose headers it gives; null if it gives none.</summary>
    public TestChain? Headers { get; set; }

    /// <summary>What comes of a height within a span, if not the block; null for a peer that gives no spans.</summary>
    public Func<ulong, SpanPart?>? Spans { get; set; }

    /// <summary>What its answers have to pass.</summary>
    public Tap? Tap { get; set; }

    /// <summary>Most requests it had open at a time.</summary>
    public int InFlightMost => Volatile.Read(ref _inFlightMost);

    public static ScriptedPeer Honest(string id) => Of(id, TestChain.Right.WireAt);

    public static ScriptedPeer Slow(string id, TimeSpan delay) => new(id, async (number, token) =>
    {
        await Task.Delay(delay, token);
        return new PeerAnswer(TestChain.Right.WireAt(number));
    });

    /// <summary>Never answers; the request's deadline, much shortened here, ends it.</summary>
    public static ScriptedPeer Silent(string id) => new(id, static async (_, token) =>
    {
        await Task.Delay(TimeSpan.FromMilliseconds(200), token);
        return new PeerAnswer(null, FetchVerdict.Timeout);
    });

    public static ScriptedPeer Lacking(string id, Func<ulong, bool> lacks) =>
        Of(id, number => lacks(number) ? [(byte)ResultCode.NotFound] : TestChain.Right.WireAt(number));

    /// <summary>Sends a right answer with one byte of its compressed data changed.</summary>
    public static ScriptedPeer Malformed(string id) => Of(id, static number =>
    {
        byte[] bytes = [.. TestChain.Right.WireAt(number)];
        bytes[bytes.Length / 2] ^= 0x55;
        return bytes;
    });

    /// <summary>Sends well-formed blocks that do not even agree with each other.</summary>
    public static ScriptedPeer Wrong(string id) =>
        Of(id, static number => (number % 2 == 0 ? TestChain.Wrong : TestChain.OtherWrong).WireAt(number));

    /// <summary>Follows another chain in good faith.</summary>
    public static ScriptedPeer Following(string id, TestChain chain) => Of(id, chain.WireAt);

    /// <summary>Keeps its answers back until <see cref="LetGo"/>.</summary>
    public ScriptedPeer Held()
    {
        _gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return this;
    }

    /// <summary>Lets go what was kept back, and everything that follows.</summary>
    public void LetGo()
    {
        TaskCompletionSource? gate = _gate;
        _gate = null;
        gate?.TrySetResult();
    }

    public async Task<PeerAnswer> AnswerAsync(ulong number, CancellationToken token)
    {
        int open = Interlocked.Increment(ref _inFlight);
        InterlockedMax(ref _inFlightMost, open);
        try
        {
            if (_gate is { } gate) await gate.Task.WaitAsync(token);
            if (Tap is { } tap) await tap.PassAsync(token);
            return await script(number, token);
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }

    private static ScriptedPeer Of(string id, Func<ulong, byte[]> wire) =>
        new(id, (number, _) => Task.FromResult(new PeerAnswer(wire(number))));

    private static void InterlockedMax(ref int target, int value)
    {
        int seen = Volatile.Read(ref target);
        while (value > seen && Interlocked.CompareExchange(ref target, value, seen) is var now && now != seen) seen = now;
    }
}
