using Microsoft.AspNetCore.Connections;
using OpSync.Gateway.Telemetry;

namespace OpSync.Gateway.Security;

/// <summary>Closes connections beyond <see cref="GatewayLimits.ConnectionsMax"/>, over all addresses that are listened on, and counts
/// them. The server's own limit is one of each address.</summary>
internal sealed class ConnectionGate(int max, LimitMetrics metrics)
{
    private int _open;

    /// <summary>Has a connection served, or closed.</summary>
    public ConnectionDelegate Before(ConnectionDelegate next) => connection => RunAsync(next, connection);

    private async Task RunAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        try
        {
            if (Interlocked.Increment(ref _open) <= max)
            {
                await next(connection);
                return;
            }

            metrics.Refused(nameof(GatewayLimits.ConnectionsMax));
            connection.Abort();
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}
