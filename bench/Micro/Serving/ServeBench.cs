using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using OpSync.Codec.OpStack;
using OpSync.Codec.Samples;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Chains;
using OpSync.Silo.Serving;
using OpSync.Storage;
using OpSync.Sync.Ports;
using OpSync.Sync.Trust;

namespace OpSync.Bench.Micro.Serving;

/// <summary>Requests per second against the serve protocol over a SQLite store, client and server on the same cores, over loopback TCP,
/// noise and yamux: one connection, 1, 8 and 32 streams at a time.</summary>
internal static class ServeBench
{
    private const int Blocks = 2_000;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    public static async Task<int> Run(string[] args)
    {
        string directory = Directory.CreateTempSubdirectory("opsync-bench-").FullName;
        try
        {
            SampleChain chain = new(new SampleChainOptions());
            await using DataDirectory store = DataDirectory.OpenWriter(directory, new ChainIdentity(chain.Spec.ChainId, chain.Spec.Genesis.Hash));
            foreach (SampleBlock[] group in chain.Blocks(Blocks).Chunk(256))
            {
                AppendItem[] items = Array.ConvertAll(group, b => new AppendItem(
                    new StoredBlock(b.Facts.Number, b.Facts.Hash, b.Facts.ParentHash, b.Facts.Timestamp, b.ToWire()), TrustRank.Configured));
                await store.Blocks.AppendAsync(items, CancellationToken.None);
            }

            ServeOptions unlimited = new() { PeerRate = 1e9, PeerBurst = 1_000_000_000, TotalRate = 1e9, TotalBurst = 1_000_000_000 };
            using PeerIdentity server = PeerIdentity.Create(KeyType.Secp256k1), client = PeerIdentity.Create(KeyType.Secp256k1);
            await using ServeNode node = await ServeNode.StartAsync(
                new ChainRegistry([new ServedChain(chain.Spec, store.Blocks)]), server, [Multiaddr.FromEndPoint(new IPEndPoint(IPAddress.Loopback, 0))],
                unlimited, new SwarmOptions(), TimeProvider.System, NullLogger.Instance, CancellationToken.None);
            await using Swarm swarm = new(new SwarmOptions(), client, NullLogger.Instance, TimeProvider.System, null);
            DialResult dial = await swarm.DialAsync(server.Id, node.Addresses, CancellationToken.None);
            if (!dial.IsConnected) throw new IOException($"{dial.Outcome} {dial.Detail}");

            string[] protocols = [PayloadByNumber.ProtocolId(chain.Spec.ChainId)];
            await MeasureAsync(swarm, server.Id, protocols, 8, TimeSpan.FromSeconds(2));   // warms the code up
            foreach (int streams in (int[])[1, 8, 32])
            {
                (double requests, double megabytes) = await MeasureAsync(swarm, server.Id, protocols, streams, Duration);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{streams,2} streams: {requests,8:F0} requests/s  {megabytes,7:F1} MB/s"));
            }

            return 0;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<(double Requests, double Megabytes)> MeasureAsync(
        Swarm swarm, PeerId peer, string[] protocols, int streams, TimeSpan duration)
    {
        long requests = 0, bytes = 0, started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, streams).Select(i => Task.Run(async () =>
        {
            Random random = new(i);
            byte[] request = new byte[PayloadByNumber.RequestSize];
            ExchangeLimits limits = new() { ExpectedSize = 32 << 10 };
            while (Stopwatch.GetElapsedTime(started) < duration)
            {
                PayloadByNumber.WriteRequest((ulong)random.Next(1, Blocks + 1), request);
                ExchangeResult result = await Exchange.RequestAsync(swarm, peer, protocols, request, limits, CancellationToken.None);
                if (result.Outcome != ExchangeOutcome.Ok) throw new IOException($"A request failed: {result.Outcome}");
                Interlocked.Add(ref bytes, result.Response!.Memory.Length);
                Interlocked.Increment(ref requests);
                result.Response.Dispose();
            }
        })));
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return (requests / seconds, bytes / 1e6 / seconds);
    }
}
