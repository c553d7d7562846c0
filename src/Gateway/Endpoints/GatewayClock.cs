namespace OpSync.Gateway.Endpoints;

/// <summary>Since when the gateway runs.</summary>
internal sealed class GatewayClock(TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();

    public DateTimeOffset Now => time.GetUtcNow();

    public TimeSpan Uptime => time.GetElapsedTime(_started);
}
