using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using OpSync.Gateway.Security;
using OpSync.Gateway.Tests.Kit;
using OpSync.Grains.Tests.Kit;
using Xunit;

namespace OpSync.Gateway.Tests;

/// <summary>Whatever meets a limit of the gateway is counted under that limit's name, once.</summary>
[Collection(nameof(RefusalTests))]
[CollectionDefinition(nameof(RefusalTests), DisableParallelization = true)]   // the counters are those of the process
public sealed partial class RefusalTests
{
    private const string Events = "/v1/events", Stream = $"/v1/chains/{Door.ChainName}/blocks?from=1&follow=true";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Streams_subscribers_and_requests_beyond_their_limit_are_counted_by_limit()
    {
        await using Door door = await Door.OpenAsync(new GatewayLimits { CallerStreamsMax = 1, StreamsMax = 1, CallerSubscribersMax = 1, SubscribersMax = 1, AnonymousRate = 1, BodyBytesMax = 1_024 });
        using HttpClient other = door.NewClient(Door.Reader), nobody = door.NewClient();
        foreach (string path in (string[])[Events, Stream])
        {
            using HttpResponseMessage open = await door.Client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, Token);
            await door.GetAsync(path, HttpStatusCode.TooManyRequests);
            await Door.ReadAsync(await other.GetAsync(path, Token), HttpStatusCode.ServiceUnavailable);
        }

        await door.PostAsync("/v1/ranges", new string(' ', 2_000), HttpStatusCode.RequestEntityTooLarge);
        HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => nobody.GetAsync("/v1/status", Token)));   // at once: the rate is that of a real clock
        int refused = answers.Count(static a => a.StatusCode == HttpStatusCode.TooManyRequests);

        Assert.InRange(refused, 1, 20);
        Assert.Equal(
            $"AnonymousRate {refused} BodyBytesMax 1 CallerStreamsMax 1 CallerSubscribersMax 1 StreamsMax 1 SubscribersMax 1", await CountedAsync(door));
    }

    [Fact]
    public async Task Heads_bodies_and_answers_that_take_too_long_or_too_much_are_counted_by_limit()
    {
        TimeSpan soon = TimeSpan.FromSeconds(1);
        await using Door counting = await Door.OpenAsync();   // the counters are those of the process, and here a question has its time
        await using Door door = await Door.OpenAsync(new GatewayLimits { HeaderTimeout = soon, BodyTimeout = soon, RequestTimeout = 2 * soon, ConnectionsMax = 8 });
        string head = $"Host: localhost\r\nAuthorization: Bearer {Door.Admin.Token}\r\nContent-Type: application/json\r\n";
        ByteBudget room = (ByteBudget)door.Services.GetService(typeof(ByteBudget))!;
        long all = new GatewayLimits().BlockBytesMax, share = new GatewayLimits().CallerBlockBytesMax;
        for (long taken = 0; taken < all; taken += share) Assert.True(room.TryTake(new Caller((int)(taken / share)), share));

        string[] slow = await Task.WhenAll(
            AskAsync(door, "GET /v1/status HTTP/1.1\r\nHost: local"),
            AskAsync(door, $"POST /v1/ranges HTTP/1.1\r\n{head}Content-Length: 900\r\n\r\n{{"),
            AskAsync(door, $"GET /v1/chains/{Door.ChainName}/blocks/1 HTTP/1.1\r\n{head}\r\n"));
        Assert.Equal(["HTTP/1.1 408", "HTTP/1.1 408", "HTTP/1.1 504"], slow);
        Assert.Equal("HTTP/1.1 431", await AskAsync(door, $"GET /v1/status HTTP/1.1\r\nHost: localhost\r\nX: {new string('x', 20_000)}\r\n\r\n"));

        string counted = await CountedAsync(counting);
        Assert.Equal("BodyTimeout 1 HeaderBytesMax 1 HeaderTimeout 1 RequestTimeout 1", counted);

        // One more than there is room for, and others in the place of those from before that had not yet gone.
        List<TcpClient> crowd = [];
        await World.UntilAsync(
            async () =>
            {
                try
                {
                    crowd.Add(await ConnectAsync(door));
                }
                catch (SocketException)
                {
                    // Closed so soon that the system did not even tell that it was open.
                }

                return (counted = await CountedAsync(counting)).Contains("ConnectionsMax", StringComparison.Ordinal);
            },
            () => counted);
        Assert.InRange(crowd.Count, 1, 64);
        Assert.StartsWith("BodyTimeout 1 ConnectionsMax ", counted, StringComparison.Ordinal);
        crowd.ForEach(static c => c.Dispose());
    }

    /// <summary>Limits and how often they were met, in the order of their names.</summary>
    private static async Task<string> CountedAsync(Door door) =>
        string.Join(' ', Line().Matches(await door.Client.GetStringAsync("/metrics", Token)).Select(static m => $"{m.Groups[1].Value} {m.Groups[2].Value}"));

    private static async Task<TcpClient> ConnectAsync(Door door)
    {
        TcpClient client = new();
        await client.ConnectAsync(door.Address.Host, door.Address.Port, Token);
        return client;
    }

    /// <summary>Sends bytes; gives protocol and status of what comes back, or nothing if the connection is closed without.</summary>
    private static async Task<string> AskAsync(Door door, string request)
    {
        byte[] start = new byte["HTTP/1.1 200".Length];
        try
        {
            using TcpClient client = await ConnectAsync(door);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), Token);
            int read = await client.GetStream().ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, Token).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Token);
            return Encoding.ASCII.GetString(start, 0, read);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return "";
        }
    }

    [GeneratedRegex("^opsync_gateway_limit_refusals_total\\{limit=\"(\\w+)\"\\} (\\d+)$", RegexOptions.Multiline)]
    private static partial Regex Line();
}
