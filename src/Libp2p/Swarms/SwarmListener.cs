using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Transport;

namespace OpSync.Libp2p.Swarms;

/// <summary>Accepts connections on one socket: the cheap refusals first, then the handshake.</summary>
internal sealed class SwarmListener(
    Swarm swarm, TcpAcceptor acceptor, ConnectionTable table, Upgrader upgrader, SwarmOptions options, ILogger logger, TimeProvider time)
{
    /// <summary>Wait after a failed accept, as when file descriptors ran out.</summary>
    private static readonly TimeSpan s_acceptPause = TimeSpan.FromMilliseconds(250);

    public IPEndPoint EndPoint => acceptor.EndPoint;

    /// <summary>Accepts until cancelled; handshakes under way are counted by <paramref name="work"/>.</summary>
    public async Task RunAsync(WorkTracker work, CancellationToken stop)
    {
        using TcpAcceptor owned = acceptor;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                Socket socket = await acceptor.AcceptAsync(stop);
                IPAddress ip = Plain(((IPEndPoint)socket.RemoteEndPoint!).Address);
                Admission admission = swarm.Access.IsAllowed(null, ip) ? table.Admit(socket, ip) : new Admission(nameof(AccessList), null, null);
                if (admission.Handshake is { } handshake)
                {
                    if (admission.Displaced is { } displaced)
                    {
                        displaced.Abort();
                        LimitMetrics.Refused(nameof(options.HandshakesMax));
                    }
                    work.Enter();
                    _ = UpgradeAsync(handshake, work, stop);
                    continue;
                }
                socket.Close(timeout: 0);   // a TCP reset: nothing lingers on our side
                LimitMetrics.Refused(admission.Refusal!);
                Log.InboundRefused(logger, ip, admission.Refusal!);
            }
            catch (SocketException e)
            {
                Log.AcceptFailed(logger, Multiaddr.FromEndPoint(acceptor.EndPoint), e.SocketErrorCode.ToString());
                await Task.Delay(s_acceptPause, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task UpgradeAsync(Handshake handshake, WorkTracker work, CancellationToken stop)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        (Socket socket, IPAddress ip) = (handshake.Socket, handshake.Address);
        bool isOpen = false;
        string detail = "too slow";
        try
        {
            var address = Multiaddr.FromEndPoint((IPEndPoint)socket.RemoteEndPoint!);
            using Deadline deadline = new(options.UpgradeTimeout, time, stop);
            var transport = new NetworkStream(socket, ownsSocket: true);
            Upgraded upgraded = await upgrader.RunAsync(transport, isDialer: false, expected: null, deadline.Token);
            detail = upgraded.Detail ?? "";
            if (upgraded.Session is null)
                return;
            DialResult attached = await swarm.AttachAsync(upgraded, address, ip, isInbound: true);
            isOpen = attached.IsConnected;
            detail = attached.Outcome.ToString();
        }
        catch (OperationCanceledException)
        {
            // The handshake's time is up, or the swarm stops; the upgrade has closed the socket.
            if (!stop.IsCancellationRequested)
                LimitMetrics.Refused(nameof(options.UpgradeTimeout));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            detail = "lost";   // gone before it began, or displaced
        }
        finally
        {
            table.EndHandshake(handshake, isOpen);
            if (!isOpen)
            {
                SwarmMetrics.HandshakeFailed();
                socket.Dispose();
                Log.InboundRefused(logger, ip, detail);
            }
            work.Exit();
        }
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
