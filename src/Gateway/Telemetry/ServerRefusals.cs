using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace OpSync.Gateway.Telemetry;

/// <summary>Counts what the server itself refuses at one of the gateway's limits.</summary>
internal sealed class ServerRefusals(LimitMetrics metrics) : IObserver<KeyValuePair<string, object?>>
{
    /// <summary>What the server writes of a request that it answered by itself, before any of this code saw it.</summary>
    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    /// <summary>Counts requests whose head is refused, from now on.</summary>
    /// <returns>Ends it.</returns>
    public static IDisposable Watch(DiagnosticListener source, LimitMetrics metrics) =>
        source.Subscribe(new ServerRefusals(metrics), static name => name == BadRequest);

    /// <summary>Counts a body that the server refused to read on.</summary>
    public static void Count(LimitMetrics metrics, int status)
    {
        if (status == StatusCodes.Status413PayloadTooLarge) metrics.Refused(nameof(GatewayLimits.BodyBytesMax));
        else if (status == StatusCodes.Status408RequestTimeout) metrics.Refused(nameof(GatewayLimits.BodyTimeout));
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if ((value.Value as IFeatureCollection)?.Get<IBadRequestExceptionFeature>()?.Error is not BadHttpRequestException e) return;
        if (e.StatusCode is StatusCodes.Status431RequestHeaderFieldsTooLarge or StatusCodes.Status414UriTooLong) metrics.Refused(nameof(GatewayLimits.HeaderBytesMax));
        else if (e.StatusCode == StatusCodes.Status408RequestTimeout) metrics.Refused(nameof(GatewayLimits.HeaderTimeout));
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }
}
