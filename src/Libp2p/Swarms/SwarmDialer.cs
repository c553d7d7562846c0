using System.Net;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Transport;

namespace OpSync.Libp2p.Swarms;

/// <summary>Dials peers over their addresses, one after the other within one deadline. Two dials of one peer become one.</summary>
internal sealed class SwarmDialer(
    Swarm swarm, SwarmOptions options, Upgrader upgrader, TimeProvider time, WorkTracker work, CancellationToken stop)
{
    private readonly Dictionary<PeerId, Task<DialResult>> _byPeer = [];   // its own lock
    private int _count;

    /// <summary>Dials under way.</summary>
    public int Count => Volatile.Read(ref _count);

    public async ValueTask<DialResult> DialAsync(
        PeerId? expected, IReadOnlyList<Multiaddr> addresses, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Task<DialResult>? dial;
        lock (_byPeer)
        {
            if (expected is null || !_byPeer.TryGetValue(expected, out dial))
            {
                if (_count >= options.DialsMax)
                    LimitMetrics.Refused(nameof(options.DialsMax));
                if (_count >= options.DialsMax || stop.IsCancellationRequested)
                    return new DialResult(DialOutcome.LimitReached, null, "too many dials, or shutting down");
                _count++;
                work.Enter();
                dial = RunAsync(expected, addresses);
                if (expected is not null)
                    _byPeer.Add(expected, dial);
            }
        }
        // Who gives up waiting leaves the dial to the others; it ends by its own deadline.
        return await dial.WaitAsync(cancellationToken);
    }

    private async Task<DialResult> RunAsync(PeerId? expected, IReadOnlyList<Multiaddr> addresses)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);   // out of the caller's lock
        using Deadline whole = new(options.DialTimeout, time, stop);
        DialResult result = new(DialOutcome.Unreachable, null, "no address to dial");
        try
        {
            result = await TryAllAsync(expected, addresses, whole);
        }
        catch (OperationCanceledException)
        {
            if (whole.HasPassed)
                LimitMetrics.Refused(nameof(options.DialTimeout));
            result = new DialResult(DialOutcome.Timeout, null, whole.HasPassed ? "deadline passed" : "shutting down");
        }
        finally
        {
            lock (_byPeer)
            {
                _count--;
                if (expected is not null)
                    _byPeer.Remove(expected);
            }
            work.Exit();
        }
        SwarmMetrics.Dialed(result.Outcome);
        return result;
    }

    private async ValueTask<DialResult> TryAllAsync(PeerId? expected, IReadOnlyList<Multiaddr> addresses, Deadline whole)
    {
        long started = time.GetTimestamp();
        DialResult worst = new(DialOutcome.Unreachable, null, "no address to dial");
        int tried = 0;
        for (int i = 0; i < addresses.Count && tried < options.DialAddressesMax; i++)
        {
            Multiaddr address = addresses[i];
            if (expected is not null && address.PeerId is not null && address.PeerId != expected)
            {
                worst = Worse(worst, new DialResult(DialOutcome.WrongPeer, null, $"{address} names another peer"));
                continue;
            }
            IReadOnlyList<IPEndPoint> endPoints = await TcpTransport.ResolveAsync(address, whole.Token);
            if (endPoints.Count == 0)
                worst = Worse(worst, new DialResult(DialOutcome.Unreachable, null, $"{address}: no socket address"));
            for (int k = 0; k < endPoints.Count && tried < options.DialAddressesMax; k++, tried++)
            {
                // An address that swallows packets must leave time for the others.
                int left = endPoints.Count - k + addresses.Count - i - 1;
                TimeSpan share = (options.DialTimeout - time.GetElapsedTime(started)) / left;
                using Deadline attempt = new(share > TimeSpan.Zero ? share : TimeSpan.Zero, time, whole.Token);
                DialResult result;
                try
                {
                    result = await TryOneAsync(expected ?? address.PeerId, address, endPoints[k], attempt.Token);
                }
                catch (OperationCanceledException) when (attempt.HasPassed)
                {
                    result = new DialResult(DialOutcome.Timeout, null, $"{endPoints[k]}: no answer in time");
                }
                if (result.Outcome is DialOutcome.Connected or DialOutcome.LimitReached or DialOutcome.SelfDial)
                    return result;
                worst = Worse(worst, result);
            }
        }
        return worst;
    }

    private async ValueTask<DialResult> TryOneAsync(
        PeerId? expected, Multiaddr address, IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        if (!swarm.Access.IsAllowed(expected, endPoint.Address))
            return new DialResult(DialOutcome.Forbidden, null, $"{endPoint}: not allowed");
        if (await TcpTransport.ConnectAsync(endPoint, cancellationToken) is not { } transport)
            return new DialResult(DialOutcome.Unreachable, null, $"{endPoint}: nobody answers");
        Upgraded upgraded = await upgrader.RunAsync(transport, isDialer: true, expected, cancellationToken);
        if (upgraded.Session is null)
            return new DialResult(upgraded.Outcome, null, $"{endPoint}: {upgraded.Detail}");
        return await swarm.AttachAsync(upgraded, address.WithoutPeerId(), endPoint.Address, isInbound: false);
    }

    private static DialResult Worse(DialResult a, DialResult b) => b.Outcome >= a.Outcome ? b : a;
}
