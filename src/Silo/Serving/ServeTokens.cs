using System.Net;
using OpSync.Libp2p.Identity;

namespace OpSync.Silo.Serving;

/// <summary>The tokens that serving a block costs: from the buckets of this silo, and from the peer's one of the cluster.</summary>
/// <param name="throttle">Buckets of this silo.</param>
/// <param name="leases">The silo's part of the cluster's; null for a process that is no part of one.</param>
/// <param name="time">Clock.</param>
internal sealed class ServeTokens(ServeThrottle throttle, ServeLeases? leases, TimeProvider time)
{
    /// <summary>The buckets of this silo.</summary>
    public ServeThrottle Throttle => throttle;

    /// <summary>Takes one token, waiting for it if it comes soon enough.</summary>
    /// <returns>Null with the token; otherwise the limit that refused it, at once.</returns>
    public async ValueTask<string?> WaitAsync(PeerId peer, IPAddress address, CancellationToken cancellationToken)
    {
        ServeAdmission admission = throttle.Admit(peer, address);
        if (admission.Refusal is { } limit) return limit;
        try
        {
            ServeAdmission common = leases is null ? default : await leases.TakeAsync(peer, cancellationToken).ConfigureAwait(false);
            if (common.Refusal is { } limitOfAll)
            {
                throttle.GiveBack(peer, address, 1);
                return limitOfAll;
            }

            TimeSpan wait = common.Wait > admission.Wait ? common.Wait : admission.Wait;
            if (wait > TimeSpan.Zero) await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
            return null;
        }
        finally
        {
            if (admission.Wait > TimeSpan.Zero) throttle.WaitEnded(address);
        }
    }

    /// <summary>Takes tokens that are there now.</summary>
    /// <returns>How many, 0 to <paramref name="max"/>; if none, when one will be there.</returns>
    public async ValueTask<(int Taken, TimeSpan RetryAfter)> TakeUpToAsync(PeerId peer, IPAddress address, int max, CancellationToken cancellationToken)
    {
        int taken = throttle.TakeUpTo(peer, address, max, out TimeSpan retryAfter);
        if (taken == 0 || leases is null) return (taken, retryAfter);
        (int shared, retryAfter) = await leases.TakeUpToAsync(peer, taken, cancellationToken).ConfigureAwait(false);
        throttle.GiveBack(peer, address, taken - shared);
        return (shared, retryAfter);
    }

    /// <summary>Gives back tokens that were taken and not used.</summary>
    public void GiveBack(PeerId peer, IPAddress address, int count)
    {
        if (count == 0) return;
        throttle.GiveBack(peer, address, count);
        leases?.GiveBack(peer, count);
    }
}
