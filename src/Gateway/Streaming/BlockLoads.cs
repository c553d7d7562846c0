using OpSync.Contracts.Reading;
using OpSync.Gateway.Security;
using OpSync.Gateway.Telemetry;

namespace OpSync.Gateway.Streaming;

/// <summary>Loads single blocks for callers. Room is taken before anything is read, for a block as blocks usually are; one that turns
/// out to need more is let go, and read again once there is room for it.</summary>
internal sealed class BlockLoads(GatewaySettings settings, ByteBudget budget, LimitMetrics metrics, TimeProvider time)
{
    /// <summary>Bytes of a block in its stored and in its sent form, of nearly every block.</summary>
    private const int UsualBytes = 256 << 10;

    private readonly FairGate _gate = new(settings.Limits.BlockLoadsMax, settings.Limits.CallerBlockLoadsMax, settings.Limits.RequestTimeout, time);

    /// <summary>Loads a block and keeps room for it and for the form in which it is sent.</summary>
    /// <param name="caller">Whose share it takes.</param>
    /// <param name="form">How it is sent.</param>
    /// <param name="read">Reads it from the store; null where it is not there.</param>
    /// <param name="aborted">Ends the wait for room.</param>
    /// <returns>The block and its room, to be given back once it is sent; null where the store was too busy.</returns>
    public async Task<Loaded?> LoadAsync(Caller caller, BlockForm form, Func<Task<StoredPayload?>> read, CancellationToken aborted)
    {
        long room = UsualBytes;
        while (true)
        {
            ByteBudget.Lease lease = await budget.TakeAsync(caller, room, aborted);
            bool isKept = false;
            try
            {
                StoredPayload? block;
                using (IDisposable? place = await _gate.EnterAsync(caller, aborted))
                {
                    if (place is null)
                    {
                        metrics.Refused(nameof(GatewayLimits.BlockLoadsMax));
                        return null;
                    }

                    block = await read();
                }

                long needed = block is null ? 0 : block.Wire.Length + BlockWriter.SentBytesMax(block, form);
                isKept = needed <= room;
                if (isKept) return new Loaded(block, lease);
                room = needed;
            }
            finally
            {
                if (!isKept) lease.Dispose();
            }
        }
    }

    /// <summary>A block, if there is one, and its room.</summary>
    internal sealed class Loaded(StoredPayload? block, ByteBudget.Lease lease) : IDisposable
    {
        private ByteBudget.Lease _lease = lease;

        public StoredPayload? Block => block;

        public void Dispose() => _lease.Dispose();
    }
}
