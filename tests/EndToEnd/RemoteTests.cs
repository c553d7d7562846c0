using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>Commands that ask a gateway, and what they find in its place.</summary>
public sealed class RemoteTests : IDisposable
{
    private const string Status = """{"version":"9.9.9","now":"2030-01-01T00:00:00Z","uptimeSeconds":1,"anonymous":"all","chains":[],"news":{"of":"later"}}""";

    private readonly TempDirectory _temp = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task A_gateway_below_a_path_is_asked_there_and_may_tell_more_than_is_known()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Task<string> asked = AnswerAsync(listener, Status);

        Opsync.Result result = await Opsync.RunAsync("status", "--gateway", $"http://{listener.LocalEndpoint}/ops/sync", "--json");

        Assert.Equal("9.9.9", (string)result.ExpectExit(0).Json["version"]!);
        Assert.StartsWith("GET /ops/sync/v1/status ", await asked, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_gateway_is_said_to_be_none()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Task<string> asked = AnswerAsync(listener, "<html>");

        Opsync.Result result = (await Opsync.RunAsync("status", "--gateway", $"http://{listener.LocalEndpoint}")).ExpectExit(1);

        Assert.Contains("is no OpSync gateway", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        await asked;
    }

    [Theory]
    [InlineData("No gateway answers at http://127.0.0.1:1/", 1, "status", "--gateway", "http://127.0.0.1:1")]
    [InlineData("--timeout -5", 2, "ranges", "watch", "x", "--timeout", "-5")]
    public async Task A_mistake_is_told_at_once(string expected, int exitCode, params string[] arguments) =>
        Assert.Contains(expected, (await Opsync.RunAsync(arguments)).ExpectExit(exitCode).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("two\nlines", "characters that no token has")]
    [InlineData(" \n", "is empty")]
    public async Task A_token_that_cannot_be_one_is_told_so(string token, string expected)
    {
        await File.WriteAllTextAsync(_temp["token"], token, Token);
        Opsync.Result result = await Opsync.RunAsync("status", "--gateway", "http://127.0.0.1:1", "--token-file", _temp["token"]);
        Assert.Contains(expected, result.ExpectExit(2).Error, StringComparison.Ordinal);
    }

    /// <summary>Answers one request with status 200; gives its first line.</summary>
    private static async Task<string> AnswerAsync(TcpListener listener, string body)
    {
        using TcpClient client = await listener.AcceptTcpClientAsync(Token);
        using StreamReader reader = new(client.GetStream(), Encoding.ASCII, leaveOpen: true);
        string first = await reader.ReadLineAsync(Token) ?? "";
        while (await reader.ReadLineAsync(Token) is { Length: > 0 })
        {
            // Headers, which nobody looks at.
        }

        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"), Token);
        return first;
    }
}
