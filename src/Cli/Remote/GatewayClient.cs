using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OpSync.Gateway.Json;

namespace OpSync.Cli.Remote;

/// <summary>Talks to a gateway. What it refuses becomes a <see cref="RemoteException"/> with the gateway's own words.</summary>
internal sealed class GatewayClient : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http;

    public GatewayClient(Uri address, string? token)
    {
        _http = new HttpClient { BaseAddress = address, Timeout = Timeout };
        if (token is not null) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, path, null, type, cancellationToken);

    public Task<T> PostAsync<TBody, T>(string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, JsonSerializer.SerializeToUtf8Bytes(body, bodyType), type, cancellationToken);

    /// <summary>Sends a request and reads its answer.</summary>
    public async Task<T> SendAsync<T>(HttpMethod method, string path, byte[]? body, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        byte[] answer = await SendAsync(method, path, body, cancellationToken);
        return JsonSerializer.Deserialize(answer, type) ?? throw new RemoteException("The gateway answered null.");
    }

    /// <summary>Sends a request and gives the bytes of its answer.</summary>
    public async Task<byte[]> SendAsync(HttpMethod method, string path, byte[]? body, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(method, path);
        if (body is not null) request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken);
        byte[] answer = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return response.IsSuccessStatusCode ? answer : throw new RemoteException(Explain(response.StatusCode, answer)) { IsPassing = response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout };
    }

    public void Dispose() => _http.Dispose();

    private static string Explain(HttpStatusCode status, byte[] answer)
    {
        try
        {
            return JsonSerializer.Deserialize(answer, GatewayJson.Default.ProblemJson)?.Detail ?? $"The gateway answered {(int)status}.";
        }
        catch (JsonException)
        {
            return $"The gateway answered {(int)status}; is it an OpSync gateway?";
        }
    }
}
