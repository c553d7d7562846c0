using System.Net;
using OpSync.Libp2p.Identity;

namespace OpSync.Silo.Serving;

/// <summary>Tokens for what is served: those of this silo's buckets, and in a cluster those of the peer's one bucket for all silos.</summary>
internal sealed class ServeGate(ServeThrottle throttle, ServeLeases? leases, TimeProvider time)
{
    /// <summary>The buckets of this silo.</summary>
    public ServeThrottle Throttle => throttle;

    /// <summary>Takes a token, waiting for it as the throttle decides.</summary>
    /// <returns>Null with the token; otherwise the limit that refused it, at once.</returns>
    public async ValueTask<string?> WaitForTokenAsync(PeerId peer, IPAddress address, CancellationToken cancellationToken)
    {
        ServeAdmission own = throttle.Admit(peer, address);
        if (own.Refusal is not null) return own.Refusal;
        try
        {
            ServeAdmission common = leases is null ? default : await leases.TakeAsync(peer, cancellationToken).ConfigureAwait(false);
            if (common.Refusal is not null)
            {
                throttle.GiveBack(peer, address, 1);
                return common.Refusal;
            }

            TimeSpan wait = common.Wait > own.Wait ? common.Wait : own.Wait;
            if (wait > TimeSpan.Zero) await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
            return null;
        }
        finally
        {
            if (own.Wait > TimeSpan.Zero) throttle.WaitEnded(address);
        }
    }

    /// <summary>Takes tokens that are there now.</summary>
    /// <returns>How many, 0 to <paramref name="max"/>; if none, when one will be there.</returns>
    public async ValueTask<(int Taken, TimeSpan RetryAfter)> TakeUpToAsync(PeerId peer, IPAddress address, int max, CancellationToken cancellationToken)
    {
        int taken = throttle.TakeUpTo(peer, address, max, out TimeSpan retryAfter);
        if (taken == 0 || leases is null) return (taken, retryAfter);
        (int common, retryAfter) = await leases.TakeUpToAsync(peer, taken, cancellationToken).ConfigureAwait(false);
        throttle.GiveBack(peer, address, taken - common);
        return (common, retryAfter);
    }

    /// <summary>Gives back tokens that were taken and not used.</summary>
    public void GiveBack(PeerId peer, IPAddress address, int count)
    {
        if (count == 0) return;
        throttle.GiveBack(peer, address, count);
        leases?.GiveBack(peer, count);
    }
}
