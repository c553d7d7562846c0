using System.Net;
using System.Net.Sockets;
using System.Text;
using OpSync.Gateway.Tests.Kit;
using Xunit;

namespace OpSync.Gateway.Tests;

/// <summary>Requests that nobody means well with. Each ends with a clear answer or a closed connection, and the next caller is served.</summary>
public sealed class AbuseTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET / HTTP/9.9\r\n\r\n", "505")]
    [InlineData("\0\0\0\0\0\0\0\0\r\n\r\n", "400")]
    [InlineData("GET /v1/status HTTP/1.1\r\n\r\n", "400")]
    [InlineData("GET /v1/status HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400")]
    [InlineData("GET /v1/status HTTP/1.1\r\nHost x\r\n\r\n", "400")]
    [InlineData("POST /v1/ranges HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "4")]
    [InlineData("POST /v1/ranges HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", "400")]
    [InlineData("POST /v1/ranges HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: TOKEN\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400")]
    [InlineData("POST /v1/ranges HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: TOKEN\r\nContent-Length: 999999999\r\n\r\n", "413")]
    public async Task A_malformed_request_gets_a_status(string request, string status)
    {
        await using Door door = await Door.OpenAsync();

        string answer = await SendAsync(door, request.Replace("TOKEN", "Bearer " + Door.Admin.Token, StringComparison.Ordinal));

        Assert.StartsWith("HTTP/1.1 " + status, answer, StringComparison.Ordinal);
        await door.GetAsync("/v1/status");
    }

    [Fact]
    public async Task A_body_or_a_header_beyond_its_limit_is_refused()
    {
        await using Door door = await Door.OpenAsync();
        await door.PostAsync("/v1/ranges", "{\"chain\":\"" + new string('x', 70_000) + "\"}", HttpStatusCode.RequestEntityTooLarge);
        using (HttpRequestMessage chunked = new(HttpMethod.Post, "/v1/ranges"))
        {
            chunked.Headers.TransferEncodingChunked = true;
            chunked.Content = new StringContent(new string(' ', 200_000), Encoding.UTF8, "application/json");
            await Door.ReadAsync(await door.Client.SendAsync(chunked, Token), HttpStatusCode.RequestEntityTooLarge);
        }

        Assert.StartsWith("HTTP/1.1 431", await SendAsync(door, $"GET /v1/status HTTP/1.1\r\nHost: localhost\r\nX: {new string('x', 40_000)}\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 414", await SendAsync(door, $"GET /{new string('x', 10_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n"), StringComparison.Ordinal);
        await door.GetAsync("/v1/status");
    }

    [Fact]
    public async Task Who_sends_headers_too_slowly_is_cut_off_and_others_are_served_meanwhile()
    {
        await using Door door = await Door.OpenAsync(new GatewayLimits { HeaderTimeout = TimeSpan.FromSeconds(1) });
        TcpClient[] slow = [.. Enumerable.Range(0, 200).Select(_ => new TcpClient())];
        foreach (TcpClient client in slow)
        {
            await client.ConnectAsync(door.Address.Host, door.Address.Port, Token);
            await client.GetStream().WriteAsync("GET /v1/status HTTP/1.1\r\nHost: local"u8.ToArray(), Token);
        }

        await door.GetAsync("/v1/status");
        foreach (TcpClient client in slow)
        {
            using StreamReader reader = new(client.GetStream());
            Assert.StartsWith("HTTP/1.1 408", await reader.ReadToEndAsync(Token).WaitAsync(TimeSpan.FromSeconds(60), Token), StringComparison.Ordinal);
            client.Dispose();
        }
    }

    [Fact]
    public async Task More_connections_than_allowed_are_closed_and_those_there_are_go_on()
    {
        await using Door door = await Door.OpenAsync(new GatewayLimits { ConnectionsMax = 50 });
        await door.GetAsync("/v1/status");   // its connection stays
        List<TcpClient> crowd = [];
        int closed = 0;
        for (int i = 0; i < 80; i++)
        {
            TcpClient client = new();
            crowd.Add(client);
            try
            {
                await client.ConnectAsync(door.Address.Host, door.Address.Port, Token);
            }
            catch (SocketException) when (i >= 49)
            {
                // Closed so soon that the system did not even tell that it was open.
            }
        }

        foreach (TcpClient client in crowd.Skip(60))
        {
            try
            {
                closed += !client.Connected || await client.GetStream().ReadAsync(new byte[1], Token).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Token) == 0 ? 1 : 0;
            }
            catch (IOException)
            {
                closed++;   // reset instead of closed
            }
        }

        Assert.Equal(20, closed);
        await door.GetAsync("/v1/status");
        foreach (TcpClient client in crowd) client.Dispose();
    }

    /// <summary>Sends bytes and gives what comes back until the connection ends or a head is complete.</summary>
    private static async Task<string> SendAsync(Door door, string request)
    {
        using TcpClient client = new();
        await client.ConnectAsync(door.Address.Host, door.Address.Port, Token);
        NetworkStream stream = client.GetStream();
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request), Token);
        }
        catch (IOException)
        {
            // Refused before it was sent whole; the answer is there all the same.
        }

        StringBuilder answer = new();
        byte[] buffer = new byte[4_096];
        while (!answer.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            int read = await stream.ReadAsync(buffer, Token).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Token);
            if (read == 0) break;
            answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }

        return answer.ToString();
    }
}
