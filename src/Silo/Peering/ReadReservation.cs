using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Sync.Ports;

namespace OpSync.Silo.Peering;

/// <summary>The bytes taken from the silo's budget for one answer. An empty budget stops the reading of the stream.</summary>
internal sealed class ReadReservation(IByteBudget budget, bool urgent) : IReadBudget
{
    /// <summary>Bytes taken so far.</summary>
    public long Taken { get; private set; }

    /// <inheritdoc/>
    public async ValueTask ExtendAsync(int moreBytes, CancellationToken cancellationToken)
    {
        await budget.TakeAsync(moreBytes, urgent, cancellationToken).ConfigureAwait(false);
        Taken += moreBytes;
    }

    /// <summary>Gives everything back.</summary>
    public void ReturnAll()
    {
        budget.Return(Taken, urgent);
        Taken = 0;
    }
}
