using System.Buffers;
using OpSync.Libp2p.Yamux;

namespace OpSync.Libp2p.Tests.TestKit;

/// <summary>A yamux peer that sends exactly the frames a test asks for, and shows what it receives.</summary>
internal sealed class ScriptedYamux(MemoryChannel channel)
{
    private readonly List<byte> _received = [];

    public ValueTask SendAsync(params byte[] bytes) => channel.WriteAsync(bytes, default, default);

    public ValueTask SendAsync(YamuxType type, YamuxFlags flags, uint id, uint length, byte[]? body = null)
    {
        byte[] header = new byte[YamuxHeader.Size];
        new YamuxHeader(type, flags, id, length).Write(header);
        return channel.WriteAsync(header, body, default);
    }

    public ValueTask DataAsync(uint id, byte[] body, YamuxFlags flags = YamuxFlags.None) =>
        SendAsync(YamuxType.Data, flags, id, (uint)body.Length, body);

    public ValueTask WindowAsync(uint id, uint increment, YamuxFlags flags = YamuxFlags.None) =>
        SendAsync(YamuxType.WindowUpdate, flags, id, increment);

    /// <summary>The next frame; null when the channel was closed.</summary>
    public async Task<(YamuxHeader Header, byte[] Body)?> NextAsync()
    {
        YamuxHeader header;
        while (YamuxHeader.Read(_received.ToArray(), uint.MaxValue, out header) != OperationStatus.Done)
        {
            if (!await FillAsync())
                return null;
        }
        int body = header.Type == YamuxType.Data ? (int)header.Length : 0;
        while (_received.Count < YamuxHeader.Size + body)
        {
            if (!await FillAsync())
                return null;
        }
        byte[] content = [.. _received.Skip(YamuxHeader.Size).Take(body)];
        _received.RemoveRange(0, YamuxHeader.Size + body);
        return (header, content);
    }

    /// <summary>The next frame, without its body; fails at the end of the channel.</summary>
    public async Task<YamuxHeader> HeaderAsync() =>
        await NextAsync() is { } frame ? frame.Header : throw new InvalidOperationException("The session closed the channel.");

    /// <summary>Reads up to the end of the channel and returns the headers.</summary>
    public async Task<List<YamuxHeader>> RestAsync()
    {
        List<YamuxHeader> rest = [];
        while (await NextAsync() is { } frame)
            rest.Add(frame.Header);
        return rest;
    }

    /// <summary>A ping and its answer: all frames sent before have been handled then. Pings above the rate are not answered.</summary>
    public async Task<List<YamuxHeader>> SyncAsync(uint value = 77)
    {
        await SendAsync(YamuxType.Ping, YamuxFlags.Syn, 0, value);
        List<YamuxHeader> before = [];
        while (true)
        {
            YamuxHeader header = await HeaderAsync();
            if (header.Type == YamuxType.Ping && header.Has(YamuxFlags.Ack) && header.Length == value)
                return before;
            before.Add(header);
        }
    }

    private async Task<bool> FillAsync()
    {
        ReadOnlyMemory<byte> chunk = await channel.ReadAsync(default);
        _received.AddRange(chunk.Span);
        return !chunk.IsEmpty;
    }
}
