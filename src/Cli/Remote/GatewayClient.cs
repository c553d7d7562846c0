using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using OpSync.Gateway.Json;

namespace OpSync.Cli.Remote;

/// <summary>Talks to a gateway. What it refuses becomes a <see cref="RemoteException"/> with the gateway's own words.</summary>
internal sealed class GatewayClient : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http;

    /// <summary>A later gateway may tell more than this client knows of.</summary>
    private static readonly JsonSerializerOptions Lenient = new(GatewayJson.Default.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip };

    public GatewayClient(Uri address, string? token)
    {
        // Behind a proxy it may be below a path, of which a base without a slash would lose the last part.
        string text = address.GetLeftPart(UriPartial.Path);
        _http = new HttpClient { BaseAddress = new Uri(text.EndsWith('/') ? text : text + "/"), Timeout = Timeout };
        if (token is not null) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, path, null, type, cancellationToken);

    public Task<T> PostAsync<TBody, T>(string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, JsonSerializer.SerializeToUtf8Bytes(body, bodyType), type, cancellationToken);

    /// <summary>Sends a request and reads its answer.</summary>
    public async Task<T> SendAsync<T>(HttpMethod method, string path, byte[]? body, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        byte[] answer = await SendAsync(method, path, body, cancellationToken);
        try
        {
            return (T?)JsonSerializer.Deserialize(answer, Lenient.GetTypeInfo(type.Type)) ?? throw new RemoteException("The gateway answered null.");
        }
        catch (JsonException)
        {
            throw new RemoteException($"What answers at {_http.BaseAddress} is no OpSync gateway, or one of another version.");
        }
    }

    /// <summary>Sends a request and gives the bytes of its answer.</summary>
    public async Task<byte[]> SendAsync(HttpMethod method, string path, byte[]? body, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(method, path.TrimStart('/'));
        if (body is not null) request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        using HttpResponseMessage response = await AskAsync(request, cancellationToken);
        byte[] answer = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return response.IsSuccessStatusCode ? answer : throw new RemoteException(Explain(response.StatusCode, answer)) { IsPassing = response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout };
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> AskAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await _http.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException e) when (e.StatusCode is null)
        {
            throw new HttpRequestException(e.HttpRequestError, $"No gateway answers at {_http.BaseAddress}: {e.Message}. Name the one you mean with --gateway.", e);
        }
        catch (OperationCanceledException e) when (e.InnerException is TimeoutException)
        {
            throw new TimeoutException($"The gateway at {_http.BaseAddress} did not answer within {Timeout.TotalSeconds:0} s.");
        }
    }

    private static string Explain(HttpStatusCode status, byte[] answer)
    {
        try
        {
            string detail = ((ProblemJson?)JsonSerializer.Deserialize(answer, Lenient.GetTypeInfo(typeof(ProblemJson))))?.Detail ?? $"The gateway answered {(int)status}.";
            return status == HttpStatusCode.Unauthorized ? detail + " Give the token with --token-file or OPSYNC_TOKEN." : detail;
        }
        catch (JsonException)
        {
            return $"The gateway answered {(int)status}; is it an OpSync gateway?";
        }
    }
}
