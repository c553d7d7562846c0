using System.Net;
using Microsoft.Extensions.Options;
using OpSync.Codec.Bulk;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Fuzz.Kit;
using OpSync.Fuzz.Reference;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Chains;
using OpSync.Silo.Serving;
using OpSync.TestKit;

namespace OpSync.Fuzz.Targets;

/// <summary>A few requests of one peer at one moment, on streams of their own, to all that is served: limits, piece size and how
/// streams end, then for each request its protocol, its length and its bytes.</summary>
internal sealed class ServeTarget : FuzzTarget
{
    private const int Head = 2;
    private const int RequestsMax = 6;
    private const ulong Newest = 312;
    private const byte Breaks = 0x80;

    private static readonly int[] s_bursts = [1, 5, 40];

    private readonly ServedBlocks _blocks = new();
    private readonly Clock _clock = new();
    private readonly ServeOptions[] _options;
    private readonly ProtocolHandler[][] _handlers;

    public ServeTarget()
    {
        _options = [.. s_bursts.Select(static burst => new ServeOptions
        {
            PeerRate = 1,
            PeerBurst = burst,
            ThrottleMax = TimeSpan.Zero,   // nothing waits
            PeerOpenMax = 1,               // a request that is never ended, or bytes never given back, end all service
            AnswerBytesMax = 24_000,
            Bulk = new BulkOptions { HeadersPerBlock = 4, HeadersMax = 14, BlocksMax = 12, BytesMax = 8_000, PageBlocks = 4, PageBytes = 1_500 },
        })];
        ChainSpec chain = new(
            _blocks.ChainId, new BlockId(ServedBlocks.Genesis, default), SlowResponse.TimestampOf(ServedBlocks.Genesis), default,
            SlowResponse.Chain.Forks, new BlockTime(ServedBlocks.Genesis, 1_000 * SlowResponse.BlockSeconds));
        ChainRegistry chains = new([new ServedChain(chain, _blocks)]);
        string[] protocols =
        [
            PayloadByNumber.ProtocolId(chain.ChainId), BulkProtocols.Headers(chain.ChainId), BulkProtocols.Payloads(chain.ChainId), BulkProtocols.Status(chain.ChainId),
        ];
        _handlers = [.. _options.Select(options =>
        {
            Dictionary<string, ProtocolHandler> all = new ServeProtocol(chains, Options.Create(options), _clock).Handlers().ToDictionary(h => h.Protocol, h => h.Handler);
            return protocols.Select(protocol => all[protocol]).ToArray();
        })];
    }

    public override string Name => "serve";

    public override int SizeMax => 512;

    public override int VerdictsMin => 20;

    public override byte[] Generate(Random random)
    {
        List<byte> input = [(byte)random.Next(s_bursts.Length), (byte)random.Next(256)];
        for (int i = random.Next(1, 5); i > 0; i--)
        {
            int kind = random.Next(8) switch { 0 => SlowServe.Status, 1 or 2 => SlowServe.ByNumber, 3 or 4 or 5 => SlowServe.Headers, _ => SlowServe.Payloads };
            byte[] request = new byte[SlowServe.SizeOf(kind)];
            (ulong first, ulong last) = ServedBlocks.Runs[random.Next(ServedBlocks.Runs.Length)];
            ulong number = Math.Min(Newest, first - 2 + (ulong)random.Next((int)(last - first) + 4));
            int bytesMax = random.Next(3) switch { 0 => random.Next(600), 1 => random.Next(12_000), _ => int.MaxValue };
            if (kind == SlowServe.ByNumber) PayloadByNumber.WriteRequest(number, request);
            if (kind == SlowServe.Payloads) new PayloadsRequest(number, number + (ulong)random.Next(20), bytesMax).Write(request);
            if (kind == SlowServe.Headers)
            {
                Hash32? hash = random.Next(2) == 0 ? null : random.Next(8) == 0 ? new Hash32(random.NextBytes(Hash32.Size)) : _blocks.Find(number)?.Hash;
                new HeadersRequest(number, hash, random.Next(1, 22), bytesMax).Write(request);
            }

            byte[] behind = random.NextBytes(random.Next(2) * random.Next(4));
            input.AddRange([(byte)kind, (byte)(request.Length + behind.Length), .. request, .. behind]);
        }

        return [.. input];
    }

    public override void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
        if (input.Length < Head) return;
        structure.Number(0, 1, NumberForm.LittleEndian);
        structure.Number(1, 1, NumberForm.LittleEndian);
        for (int at = Head; at + 2 <= input.Length; at += 2 + input[at + 1])
        {
            structure.Cut(at);
            structure.Number(at, 1, NumberForm.LittleEndian);
            structure.Number(at + 1, 1, NumberForm.LittleEndian);
            int body = at + 2, kind = input[at] % 4;
            if (body + Math.Max((int)input[at + 1], SlowServe.SizeOf(kind)) > input.Length) break;
            if (kind != SlowServe.Status) structure.Number(body, 8, NumberForm.LittleEndian);
            if (kind == SlowServe.Headers) structure.Number(body + 40, 2, NumberForm.LittleEndian);
            if (kind == SlowServe.Headers) structure.Number(body + 42, 4, NumberForm.LittleEndian);
            if (kind == SlowServe.Payloads) structure.Number(body + 8, 8, NumberForm.LittleEndian);
            if (kind == SlowServe.Payloads) structure.Number(body + 16, 4, NumberForm.LittleEndian);
        }

        structure.Cut(input.Length);
    }

    public override Verdict Run(byte[] input)
    {
        if (input.Length < Head) return default;
        _clock.FillBuckets();
        int limits = input[0] % s_bursts.Length, code = 0, bytes = 0;
        bool breaks = (input[1] & Breaks) != 0, isAccepted = true;
        SlowServe model = new(_blocks, _options[limits], Newest);
        for (int at = Head, i = 0; at + 2 <= input.Length && i < RequestsMax; i++)
        {
            int kind = input[at] % 4, length = Math.Min(input[at + 1], input.Length - at - 2);
            byte[] request = input[(at + 2)..(at + 2 + length)];
            at += 2 + length;
            ScriptedStream stream = new(request, 1 + (input[1] & ~Breaks), breaks);

            AllocationBound bound = AllocationBound.Start();
            bool isAnswered = Serve(_handlers[limits][kind], stream, breaks);
            byte[] answer = stream.Written;
            bound.End(64 * 1024 + 8 * answer.Length);

            byte[]? due = model.Answer(kind, request);
            FuzzFailure.UnlessEqual(due is not null, isAnswered, "answered:");
            FuzzFailure.UnlessSame(due ?? [], answer, "answer:");
            FuzzFailure.UnlessEqual(due is not null, stream.IsFinished, "half-closed:");
            FuzzFailure.Unless(stream.Taken <= SlowServe.SizeOf(kind), "read what follows the request:", $"{stream.Taken}");
            isAccepted &= due is not null && answer[0] != (byte)BulkCode.InvalidRequest;
            int end = kind is SlowServe.Headers or SlowServe.Payloads && answer.Length > BulkProtocols.EndSize ? 1 + answer[^BulkProtocols.EndSize] : 0;
            code = (kind << 3 | (due is null ? 7 : answer[0])) << 3 | end;
            bytes = answer.Length;
        }

        return Verdict.Of(isAccepted, code, bytes);
    }

    /// <summary>True if the handler ended as it should, false if it gave up for want of a request.</summary>
    private static bool Serve(ProtocolHandler handler, ScriptedStream stream, bool breaks)
    {
        try
        {
            Completed.Check(handler(new InboundStream(stream, Identities.All[0].Id, IPAddress.Loopback, "", 1), CancellationToken.None));
            return true;
        }
        catch (EndOfStreamException) when (!breaks)
        {
            return false;
        }
        catch (StreamResetException) when (breaks)
        {
            return false;
        }
    }

    /// <summary>A day that never ends: only what measures spans sees time pass.</summary>
    private sealed class Clock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        // The margin for clocks that go ahead is 5 s, and a block every 2 s.
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds((long)SlowResponse.TimestampOf(Newest - 2));

        public void FillBuckets() => _ticks += TimeSpan.TicksPerHour;
    }
}
