using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;

namespace OpSync.Silo.Peering;

/// <summary>The bytes taken from the silo's budget for one answer. An empty budget stops the reading of the stream.</summary>
/// <remarks>An answer that holds bytes already waits for more only a short while: half-read answers that wait for each other
/// would otherwise hold the whole budget for ever.</remarks>
internal sealed class ReadReservation(IByteBudget budget, AskItem item, PeerLinkOptions options) : IReadBudget
{
    /// <summary>Bytes taken so far.</summary>
    public long Taken { get; private set; }

    /// <summary>True once it had to give up for want of room: our fault, not the peer's.</summary>
    public bool GaveUp { get; private set; }

    /// <inheritdoc/>
    public async ValueTask ExtendAsync(int moreBytes, CancellationToken cancellationToken)
    {
        if (!budget.TryTake(moreBytes, item.Urgent))
        {
            using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(Taken == 0 ? options.RoomWaitMax : options.GrowWaitMax);
            try
            {
                await budget.TakeAsync(moreBytes, item.Urgent, item.Priority, patience.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                GaveUp = true;
                throw;
            }
        }

        Taken += moreBytes;
    }

    /// <summary>Gives everything back.</summary>
    public void ReturnAll()
    {
        budget.Return(Taken, item.Urgent);
        Taken = 0;
    }
}
