using System.Buffers.Binary;
using OpSync.Fuzz.Kit;
using OpSync.Fuzz.Reference;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Yamux;
using OpSync.TestKit;

namespace OpSync.Fuzz.Targets;

/// <summary>A yamux session whose remote sends frames: a byte for the side, one for the size of the pieces, then the frames.</summary>
internal sealed class YamuxTarget : FuzzTarget
{
    private const int Head = 2, HeaderSize = 12;
    private const int IsDialer = 1, EndsBroken = 8;

    public override string Name => "yamux";

    public override int SizeMax => 32_768;

    public override int VerdictsMin => 12;

    public override byte[] Generate(Random random)
    {
        byte side = (byte)(random.Next(8) | (random.Next(4) == 0 ? EndsBroken : 0));
        bool isDialer = (side & IsDialer) != 0;
        int opened = side >> 1 & 3;
        List<byte> input = [side, (byte)random.Next(256)];
        List<uint> ids = [.. Enumerable.Range(0, opened).Select(i => (uint)(2 * i + (isDialer ? 1 : 2)))];
        uint next = isDialer ? 2u : 1u;
        int count = random.Next(random.Next(6) == 0 ? 100 : 12);
        for (int i = 0; i < count; i++)
        {
            switch (random.Next(ids.Count == 0 ? 3 : 9))
            {
                case 0:
                    input.AddRange(Frame(2, 1, 0, (uint)random.Next()));
                    break;
                case 1 or 2 when next < 120:
                    ids.Add(next);
                    input.AddRange(random.Next(2) == 0 ? Frame(1, 1, next, (uint)random.Next(3) * 65_536) : Frame(0, 1, next, 3, [7, 8, 9]));
                    next += 2;
                    break;
                case 3:
                    input.AddRange(Frame(1, random.Next(2) == 0 ? 2 : 0, ids[random.Next(ids.Count)], 1 + (uint)random.Next(1_000)));
                    break;
                case 4:
                    int last = random.Next(ids.Count);
                    input.AddRange(Frame(random.Next(2), random.Next(2) == 0 ? 8 : 4, ids[last], 0));
                    ids.RemoveAt(last);
                    break;
                case >= 5:
                    byte[] body = random.NextBytes(1 + random.Next(random.Next(8) == 0 ? 1_500 : 30));
                    input.AddRange(Frame(0, 0, ids[random.Next(ids.Count)], (uint)body.Length, body));
                    break;
            }
        }

        if (random.Next(8) == 0) input.AddRange(Frame(3, 0, 0, 0));
        return [.. input];
    }

    public override void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
        int at = Head;
        while (at + HeaderSize <= input.Length)
        {
            structure.Cut(at);
            structure.Number(at + 1, 1, NumberForm.BigEndian);
            structure.Number(at + 2, 2, NumberForm.BigEndian);
            structure.Number(at + 4, 4, NumberForm.BigEndian);
            structure.Number(at + 8, 4, NumberForm.BigEndian);
            bool isData = input[at + 1] == 0;
            at += HeaderSize + (isData ? (int)Math.Min(40_000, BinaryPrimitives.ReadUInt32BigEndian(input[(at + 8)..])) : 0);
        }

        structure.Cut(Math.Min(at, input.Length));
    }

    /// <summary>Floods: one frame many times, with ids of its own or the same one.</summary>
    public override byte[]? MutateDeeply(Random random, byte[] input)
    {
        if (input.Length < Head || random.Next(4) > 0) return null;
        uint id = (uint)random.Next(8);
        int type = random.Next(4), flags = random.Next(4) == 0 ? random.Next(16) : 1, step = random.Next(2) * 2;
        List<byte> flood = [];
        for (int i = random.Next(8) == 0 ? 2_600 : random.Next(100); i > 0; i--, id += (uint)step) flood.AddRange(Frame(type, flags, id, 0));
        return [.. input, .. flood];
    }

    public override Verdict Run(byte[] input)
    {
        if (input.Length < Head) return default;
        bool isDialer = (input[0] & IsDialer) != 0, breaks = (input[0] & EndsBroken) != 0;
        int opened = input[0] >> 1 & 3;
        byte[] script = input[Head..];
        int pieceSize = 1 + 16 * input[1];
        ScriptedChannel channel = new(script, pieceSize, breaks);
        List<Reader> inbound = [], outbound = [];
        YamuxSession? session = null;
        Task<YamuxEnd>? ending = null;
        Pump pump = new();

        AllocationBound bound = AllocationBound.Start();
        pump.Run(() =>
        {
            session = YamuxSession.Start(channel, isDialer, new YamuxOptions(), null, new FakeTime());
            ending = session.Completion;
            for (int i = 0; i < opened; i++) outbound.Add(new Reader((YamuxStream)session.TryOpen()!));
            _ = AcceptAsync(session, inbound);
        });
        bound.End(1024 * 1024 + 64 * script.Length + 256 * (script.Length / pieceSize));   // the pump's own for each piece

        FuzzFailure.Unless(ending!.IsCompleted, "the session does not end with its channel");
        YamuxEnd end = ending.GetAwaiter().GetResult();
        SlowYamux model = new(isDialer, opened);
        FuzzFailure.UnlessEqual(model.Feed(script, breaks), end, "end:");

        // A violation may end the session before somebody has come for the last streams.
        bool isOrderly = end is YamuxEnd.RemoteClose or YamuxEnd.ChannelBroken;
        uint[] ids = [.. model.Accepted.Select(a => a.Id)];
        FuzzFailure.Unless(ids.AsSpan().StartsWith([.. inbound.Select(r => r.Stream.Id)]), "accepted streams:");
        if (isOrderly) FuzzFailure.UnlessEqual(ids.Length, inbound.Count, "accepted streams:");
        foreach ((Reader reader, SlowYamux.Stream stream) in inbound.Zip(model.Accepted.Select(a => a.Stream)).Concat(outbound.Zip(model.Outbound)))
        {
            FuzzFailure.Unless(reader.Done.IsCompletedSuccessfully, "a reader waits on, or failed otherwise:", reader.Done.Exception?.ToString() ?? "");
            FuzzFailure.UnlessSame([.. stream.Bytes], [.. reader.Bytes], "bytes of a stream:");
        }

        CheckWritten(channel.Written, model);
        foreach (Reader reader in inbound.Concat(outbound)) reader.Stream.Dispose();
        FuzzFailure.UnlessEqual((0L, 0, 0), (session!.BufferedBytes, session.InboundCount, session.OutboundCount), "left behind:");
        return Verdict.Of(isOrderly, (int)end << 4 | Math.Min(15, model.Accepted.Count), model.Frames);
    }

    private static async Task AcceptAsync(YamuxSession session, List<Reader> readers)
    {
        while (await session.AcceptAsync(CancellationToken.None) is { } stream) readers.Add(new Reader((YamuxStream)stream));
    }

    /// <summary>Every ping and every refusal was answered, in order, with frames that are frames; inputs are too short to use up
    /// half a window, so none was granted anew.</summary>
    private static void CheckWritten(byte[] written, SlowYamux model)
    {
        List<uint> pings = [], refused = [];
        for (int at = 0; at < written.Length; at += HeaderSize)
        {
            FuzzFailure.Unless(YamuxHeader.Read(written.AsSpan(at), 0, out YamuxHeader header) == System.Buffers.OperationStatus.Done, "wrote no frame");
            FuzzFailure.Unless(header is not { Type: YamuxType.WindowUpdate, Length: > 0 }, "granted what was not consumed");
            if (header is { Type: YamuxType.Ping, Flags: YamuxFlags.Ack }) pings.Add(header.Length);
            if (header is { Type: YamuxType.WindowUpdate, Flags: YamuxFlags.Rst }) refused.Add(header.StreamId);
        }

        FuzzFailure.Unless(pings.SequenceEqual(model.PingsAnswered), "answers to pings:");
        FuzzFailure.Unless(refused.SequenceEqual(model.Refused), "refusals:");
    }

    private static byte[] Frame(int type, int flags, uint id, uint length, ReadOnlySpan<byte> body = default)
    {
        byte[] frame = new byte[HeaderSize + body.Length];
        frame[1] = (byte)type;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)flags);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), id);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(8), length);
        body.CopyTo(frame.AsSpan(HeaderSize));
        return frame;
    }

    /// <summary>Reads a stream to its end, whichever it is.</summary>
    private sealed class Reader
    {
        public Reader(YamuxStream stream)
        {
            Stream = stream;
            Done = ReadAsync();
        }

        public YamuxStream Stream { get; }

        public Task Done { get; }

        public List<byte> Bytes { get; } = [];

        private async Task ReadAsync()
        {
            byte[] buffer = new byte[512];
            try
            {
                while (await Stream.ReadAsync(buffer) is var count and > 0) Bytes.AddRange(buffer.AsSpan(0, count));
            }
            catch (StreamResetException)
            {
                // Reset by the remote, or the session has ended.
            }
        }
    }
}
