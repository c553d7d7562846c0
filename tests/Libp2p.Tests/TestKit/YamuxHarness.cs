using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Yamux;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Libp2p.Tests.TestKit;

/// <summary>Sessions over in-memory channels under a fake clock; at the end each is closed and must hold no memory.</summary>
internal sealed class YamuxHarness : IAsyncDisposable
{
    private readonly List<YamuxSession> _sessions = [];

    public FakeTime Time { get; } = new();

    public YamuxSession Start(MemoryChannel channel, bool isDialer, YamuxOptions? options = null, ByteQuota? quota = null)
    {
        var session = YamuxSession.Start(channel, isDialer, options ?? new(), quota, Time);
        _sessions.Add(session);
        return session;
    }

    /// <summary>Two sessions with each other; the first is the dialler.</summary>
    public (YamuxSession Dialer, YamuxSession Listener) Pair(YamuxOptions? options = null)
    {
        (MemoryChannel a, MemoryChannel b) = MemoryChannel.Pair();
        return (Start(a, isDialer: true, options), Start(b, isDialer: false, options));
    }

    /// <summary>A session and a scripted peer. The session is the listener unless told otherwise.</summary>
    public (YamuxSession Session, ScriptedYamux Peer, MemoryChannel Wire) Scripted(
        YamuxOptions? options = null, bool isDialer = false, int writesMax = 4096)
    {
        (MemoryChannel a, MemoryChannel b) = MemoryChannel.Pair(writesMax);
        return (Start(a, isDialer, options), new ScriptedYamux(b), b);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (YamuxSession session in _sessions)
        {
            session.Close();
            while (!session.Completion.IsCompleted)   // a peer that does not read: up to the close deadline
            {
                Time.Advance(TimeSpan.FromSeconds(1));
                await Task.Yield();
            }
            await session.DisposeAsync();
            Assert.Equal(0, session.BufferedBytes);
        }
    }
}
