using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Libp2p.Transport;
using OpSync.Sync.Ports;

namespace OpSync.Silo.Peering;

/// <summary>The bytes taken from the silo's budget for one request. An empty budget stops the reading of the stream.</summary>
/// <remarks>An answer that holds bytes already waits for more only a short while: half-read answers that wait for each other
/// would otherwise hold the whole budget for ever.</remarks>
internal sealed class ReadReservation(IByteBudget budget, bool urgent, int priority, PeerLinkOptions options, TimeProvider time) : IReadBudget
{
    private long _waitedTicks;
    private long _waitingSince;

    /// <summary>Time spent waiting for room so far, the present wait included. May be read by anybody.</summary>
    public TimeSpan Waited
    {
        get
        {
            long since = Volatile.Read(ref _waitingSince);
            return new TimeSpan(Volatile.Read(ref _waitedTicks)) + (since == 0 ? TimeSpan.Zero : time.GetElapsedTime(since));
        }
    }

    /// <summary>Bytes taken so far.</summary>
    public long Taken { get; private set; }

    /// <summary>True once it had to give up for want of room: our fault, not the peer's.</summary>
    public bool GaveUp { get; private set; }

    /// <inheritdoc/>
    public async ValueTask ExtendAsync(int moreBytes, CancellationToken cancellationToken)
    {
        if (!budget.TryTake(moreBytes, urgent))
        {
            using Deadline patience = new(Taken == 0 ? options.RoomWaitMax : options.GrowWaitMax, time, cancellationToken);
            long start = Math.Max(1, time.GetTimestamp());
            Volatile.Write(ref _waitingSince, start);
            try
            {
                await budget.TakeAsync(moreBytes, urgent, priority, patience.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                GaveUp = true;
                throw;
            }
            finally
            {
                Volatile.Write(ref _waitingSince, 0);
                Volatile.Write(ref _waitedTicks, _waitedTicks + time.GetElapsedTime(start).Ticks);
            }
        }

        Taken += moreBytes;
    }

    /// <summary>Somebody else accounts for a part from now on.</summary>
    public void HandOver(long bytes) => Taken -= bytes;

    /// <summary>Gives everything back.</summary>
    public void ReturnAll()
    {
        budget.Return(Taken, urgent);
        Taken = 0;
    }
}
