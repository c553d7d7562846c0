using System.Buffers.Binary;
using OpSync.Libp2p.Yamux;

namespace OpSync.Fuzz.Reference;

/// <summary>What a yamux session makes of a remote's bytes by the yamux spec and our limits, worked off frame by frame over an
/// array. No reader ever consumes enough for a window update, and no handler ends its stream.</summary>
internal sealed class SlowYamux
{
    public const int StreamsMax = 64;

    private const uint WindowSize = 262_144, DataMax = 1_048_576;
    private const int HeaderSize = 12, PingsMax = 16, NuisanceMax = 16_384, RefusedPoints = 8;
    private const int Data = 0, WindowUpdate = 1, Ping = 2, GoAway = 3;
    private const int Syn = 1, Ack = 2, Fin = 4, Rst = 8;

    private readonly Dictionary<uint, Stream> _open = [];
    private readonly uint _remoteParity;
    private int _inbound;
    private int _nuisance;

    public SlowYamux(bool isDialer, int opened)
    {
        _remoteParity = isDialer ? 0u : 1u;
        for (uint i = 0; i < opened; i++) _open[2 * i + (isDialer ? 1u : 2u)] = new();
        Outbound = [.. _open.Values];
    }

    public List<Stream> Outbound { get; }

    public List<(uint Id, Stream Stream)> Accepted { get; } = [];

    public List<uint> PingsAnswered { get; } = [];

    public List<uint> Refused { get; } = [];

    public int Frames { get; private set; }

    public YamuxEnd Feed(byte[] input, bool breaks)
    {
        int at = 0;
        while (input.Length - at >= HeaderSize)
        {
            ReadOnlySpan<byte> header = input.AsSpan(at, HeaderSize);
            int type = header[1], flags = BinaryPrimitives.ReadUInt16BigEndian(header[2..]);
            uint id = BinaryPrimitives.ReadUInt32BigEndian(header[4..]), length = BinaryPrimitives.ReadUInt32BigEndian(header[8..]);
            at += HeaderSize;
            if (header[0] != 0 || type > GoAway || type == Data && length > DataMax) return YamuxEnd.BadFrame;
            Frames++;
            Stream? stream = null;
            YamuxEnd end = type switch
            {
                Ping => OnPing(flags, length),
                GoAway => length == 0 ? YamuxEnd.None : YamuxEnd.RemoteGoAway,
                _ => OnStream(type, flags, id, length, out stream),
            };
            if (end != YamuxEnd.None) return end;
            if (type == Data && length > 0)
            {
                int there = (int)Math.Min(length, (uint)(input.Length - at));
                stream?.Bytes.AddRange(input.AsSpan(at, there));
                at += there;
                if (there < length) break;
            }

            if ((flags & Fin) != 0 && type <= WindowUpdate && stream is not null) stream.IsFinished = true;
        }

        return breaks ? YamuxEnd.ChannelBroken : YamuxEnd.RemoteClose;
    }

    private YamuxEnd OnPing(int flags, uint value)
    {
        if ((flags & Ack) != 0 || PingsAnswered.Count == PingsMax) return Annoy(1);
        PingsAnswered.Add(value);
        return YamuxEnd.None;
    }

    private YamuxEnd OnStream(int type, int flags, uint id, uint length, out Stream? stream)
    {
        stream = null;
        if (id == 0) return YamuxEnd.BadStreamId;
        if ((flags & Syn) != 0)
        {
            if (id % 2 != _remoteParity || _open.ContainsKey(id)) return YamuxEnd.BadStreamId;
            if (_inbound == StreamsMax)
            {
                Refused.Add(id);
                return Annoy(RefusedPoints);
            }

            _inbound++;
            _open[id] = new();
            Accepted.Add((id, _open[id]));
        }

        if (!_open.TryGetValue(id, out stream)) return Annoy(1);
        if ((flags & Rst) != 0)
        {
            _open.Remove(id);
            stream = null;
            return YamuxEnd.None;
        }

        if (length == 0)
        {
            bool isNews = (flags & ~stream.Told) != 0;
            stream.Told |= flags;
            return isNews ? YamuxEnd.None : Annoy(1);
        }

        if (type == WindowUpdate)
        {
            stream.SendWindow += length;
            return stream.SendWindow > uint.MaxValue ? YamuxEnd.WindowOverflow : Annoy(1);   // nothing is ever sent, so it is never due
        }

        if (stream.IsFinished) return YamuxEnd.DataAfterFin;
        stream.Announced += length;
        return stream.Announced > WindowSize ? YamuxEnd.WindowExceeded : YamuxEnd.None;
    }

    private YamuxEnd Annoy(int points)
    {
        if (_nuisance + points > NuisanceMax) return YamuxEnd.FrameFlood;
        _nuisance += points;
        return YamuxEnd.None;
    }

    public sealed class Stream
    {
        public List<byte> Bytes { get; } = [];

        public ulong Announced { get; set; }

        public ulong SendWindow { get; set; } = WindowSize;

        public bool IsFinished { get; set; }

        /// <summary>Flags of frames without content.</summary>
        public int Told { get; set; }
    }
}
