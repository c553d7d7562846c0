using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpSync.Codec.OpStack;
using OpSync.Contracts.Blocks;
using OpSync.Contracts.Peers;
using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Silo.Chains;
using OpSync.Sync.Ports;

namespace OpSync.Silo.Fetching;

/// <summary>Decodes and checks each answer once, outside any grain, one worker per core, and puts the payload into quarantine.</summary>
internal sealed class Verifier(
    ChainRegistry chains, IGrainFactory grains, IByteBudget budget, HandoverTickets tickets, FetchReports reports, ILogger<Verifier> log) : BackgroundService
{
    /// <summary>Answers waiting for a worker. A full queue holds back the links, whose answers stay accounted for.</summary>
    private const int QueueMax = 256;

    private readonly Channel<FetchedResponse> _queue = Channel.CreateBounded<FetchedResponse>(
        new BoundedChannelOptions(QueueMax) { FullMode = BoundedChannelFullMode.Wait });

    private readonly WorkCount _underWay = new();

    /// <summary>Hands an answer over; the verifier owns it from then on.</summary>
    public async ValueTask SubmitAsync(FetchedResponse fetched, CancellationToken cancellationToken)
    {
        _underWay.Begin();
        try
        {
            await _queue.Writer.WriteAsync(fetched, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _underWay.End();
            throw;
        }
    }

    /// <summary>Waits until everything handed over is in quarantine or refused, and told.</summary>
    public Task DrainAsync() => _underWay.CloseAsync();

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Task[] workers = new Task[Environment.ProcessorCount];
        for (int i = 0; i < workers.Length; i++) workers[i] = Task.Run(() => WorkAsync(stoppingToken), CancellationToken.None);
        return Task.WhenAll(workers);
    }

    private async Task WorkAsync(CancellationToken stoppingToken)
    {
        Dictionary<ulong, PayloadResponseReader> readers = [];
        try
        {
            while (await _queue.Reader.WaitToReadAsync(stoppingToken).ConfigureAwait(false))
            {
                while (_queue.Reader.TryRead(out FetchedResponse fetched))
                {
                    try
                    {
                        Check(readers, fetched);
                    }
                    catch (Exception e)
                    {
                        // A fault of ours in one block must not cost the worker.
                        Log.HandOverFailed(log, e);
                        End(fetched, FetchVerdict.OurFault, 0, fetched.Reserved);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops; what was not checked is fetched again by the next one.
        }
    }

    private void Check(Dictionary<ulong, PayloadResponseReader> readers, in FetchedResponse fetched)
    {
        using PooledResponse response = fetched.Response;
        ReadOnlySpan<byte> bytes = response.Memory.Span;
        if (!readers.TryGetValue(fetched.Range.ChainId, out PayloadResponseReader? reader))
        {
            readers[fetched.Range.ChainId] = reader = new PayloadResponseReader(chains.Get(fetched.Range.ChainId).Spec);
        }

        PayloadFault fault = reader.Read(bytes, fetched.Item.Number, out BlockFacts facts);
        if (fault != PayloadFault.None)
        {
            FetchVerdict verdict = ToVerdict(fault);
            if (verdict == FetchVerdict.Malformed) Log.Malformed(log, fetched.Peer.Value, fetched.Item.Number, fault.ToString());
            End(fetched, verdict, bytes.Length, fetched.Reserved);
            return;
        }

        byte[] wire = reader.CanKeep && response.Exact is { } exact ? exact : reader.ToWire(bytes);
        long surplus = fetched.Reserved - wire.Length;
        if (surplus > 0)
        {
            budget.Return(surplus, fetched.Item.Urgent);
        }
        else if (surplus < 0 && !budget.TryTake(-surplus, fetched.Item.Urgent))
        {
            End(fetched, FetchVerdict.OurFault, bytes.Length, fetched.Reserved);
            return;
        }

        _ = HoldAsync(fetched, facts, wire);
    }

    /// <summary>The record goes to the range only after the payload is held, so that a promotion always finds it.</summary>
    private async Task HoldAsync(FetchedResponse fetched, BlockFacts facts, byte[] wire)
    {
        HoldVerdict verdict = HoldVerdict.Refused;
        long ticket = tickets.Issue();
        try
        {
            verdict = await grains.GetBlock(fetched.Range.ChainId, facts.Number)
                .Hold(new HeldPayload(facts.Hash, facts.ParentHash, facts.Timestamp, wire, budget.Id, fetched.Item.Urgent, ticket)).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Log.HandOverFailed(log, e);
        }

        // Whether the quarantine accounts for the bytes does not depend on what came back of the call, which may have run unheard.
        bool ours = tickets.TryTake(ticket);
        if (verdict == HoldVerdict.Refused && ours)
        {
            End(fetched, FetchVerdict.OurFault, wire.Length, wire.Length);
            return;
        }

        if (ours) budget.Return(wire.Length, fetched.Item.Urgent);
        reports.Good(fetched, facts, wire.Length);
        _underWay.End();
    }

    private void End(in FetchedResponse fetched, FetchVerdict verdict, int bytes, long reserved)
    {
        budget.Return(reserved, fetched.Item.Urgent);
        reports.Bad(fetched, verdict, bytes);
        _underWay.End();
    }

    private static FetchVerdict ToVerdict(PayloadFault fault) => fault == PayloadFault.NotFound
        ? FetchVerdict.NotFound
        : fault.IsMalformed() ? FetchVerdict.Malformed : FetchVerdict.Failed;
}
