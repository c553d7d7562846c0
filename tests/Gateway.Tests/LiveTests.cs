using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using OpSync.Gateway.Live;
using OpSync.Gateway.Security;
using OpSync.Gateway.Tests.Kit;
using OpSync.Grains.Tests.Kit;
using Xunit;

namespace OpSync.Gateway.Tests;

/// <summary>Server-sent events.</summary>
public sealed class LiveTests
{
    private const string PeerId = "16Uiu2HAmTF9Wt4qBDXoN5sYobrtJSSuxzy3GBS8hpyTvQ2HKkv2h";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_range_is_seen_from_its_start_to_its_end()
    {
        await using Door door = await Door.OpenAsync();
        string id = await door.PostRangeAsync(1, 300);
        await using Subscriber subscriber = await Subscriber.OpenAsync(door, $"/v1/ranges/{id}/events");
        Assert.Equal("running", (string)(await subscriber.NextAsync("range"))["state"]!);

        await door.World.AddAsync(ScriptedPeer.Honest("honest"));
        JsonNode range;
        ulong stored = 0;
        do
        {
            range = await subscriber.NextAsync("range");
            Assert.True((ulong)range["stored"]! >= stored, "It went back.");
            stored = (ulong)range["stored"]!;
        }
        while ((string)range["state"]! != "complete");

        Assert.Equal(300UL, stored);
    }

    [Fact]
    public async Task Who_comes_back_gets_what_changed_and_nothing_twice()
    {
        await using Door door = await Door.OpenAsync();
        await door.World.AddAsync(ScriptedPeer.Honest("honest"));
        string first = await door.PostRangeAsync(1, 10);
        await door.CompleteAsync(first);
        string lastId;
        await using (Subscriber subscriber = await Subscriber.OpenAsync(door, "/v1/events"))
        {
            await subscriber.UntilAsync("range", r => (string)r["id"]! == first && (string)r["state"]! == "complete");
            lastId = subscriber.LastId;
        }

        string second = await door.PostRangeAsync(11, 20);
        await door.CompleteAsync(second);
        await using Subscriber again = await Subscriber.OpenAsync(door, "/v1/events", lastId);
        await again.UntilAsync("range", r => (string)r["id"]! == second && (string)r["state"]! == "complete");
        Assert.DoesNotContain(again.Seen, e => e.Type == "range" && (string)e.Data["id"]! == first);

        // An id of another life of the service means nothing: everything is told.
        await using Subscriber stranger = await Subscriber.OpenAsync(door, "/v1/events", "0-5");
        await stranger.UntilAsync("range", r => (string)r["id"]! == second);
        Assert.Contains(stranger.Seen, e => e.Type == "range" && (string)e.Data["id"]! == first);
    }

    [Fact]
    public async Task An_event_id_of_another_feed_means_nothing()
    {
        await using Door door = await Door.OpenAsync();
        LiveFeeds feeds = door.Services.GetRequiredService<LiveFeeds>();
        Caller caller = new(1);
        Assert.Equal(CallerSlots.Verdict.Taken, feeds.TryEnter(caller, LiveSubject.Service, out LiveFeed? one));
        Assert.Equal(CallerSlots.Verdict.Taken, feeds.TryEnter(caller, new LiveSubject(TestChain.Right.Spec.ChainId, null), out LiveFeed? other));
        await World.UntilAsync(() => Task.FromResult(one!.Log.After(0, 1) is [_]), () => "nothing");
        LiveEvent first = Assert.Single(one!.Log.After(0, 1));
        string id = Encoding.UTF8.GetString(first.Frame).Split('\n')[0]["id: ".Length..];

        // A feed that nobody watches ends, and the next one of the same subject counts from the start.
        Assert.Equal(first.Sequence, one.Log.PlaceOf(id));
        Assert.Equal(0, other!.Log.PlaceOf(id));
        feeds.Leave(caller, one);
        feeds.Leave(caller, other);
    }

    [Fact]
    public async Task The_events_of_a_chain_have_its_ranges_and_peers()
    {
        await using Door door = await Door.OpenAsync();
        await door.FillAsync(1, 10);
        await using Subscriber subscriber = await Subscriber.OpenAsync(door, "/v1/chains/samples/events");

        await subscriber.UntilAsync("chain", c => (ulong)c["blocks"]! == 10);
        await subscriber.UntilAsync("peer", p => (string)p["peerId"]! == "honest" && (long)p["ok"]! == 10);
    }

    [Fact]
    public async Task A_thousand_idle_subscribers_are_a_small_matter_and_one_more_than_allowed_is_told_so()
    {
        GatewayLimits limits = new() { CallerSubscribersMax = 1_000, TokenRate = 100_000 };
        await using Door door = await Door.OpenAsync(limits);
        await door.PostRangeAsync(1, 10);
        using HttpClient client = door.NewClient(Door.Admin);
        long before = Environment.WorkingSet;
        HttpResponseMessage[] open = new HttpResponseMessage[limits.CallerSubscribersMax];
        for (int i = 0; i < open.Length; i++)
        {
            open[i] = await client.GetAsync("/v1/events", HttpCompletionOption.ResponseHeadersRead, Token);
            Assert.Equal(HttpStatusCode.OK, open[i].StatusCode);
        }

        LiveFeeds feeds = (LiveFeeds)door.Services.GetService(typeof(LiveFeeds))!;
        Assert.Equal((1_000, 1), (feeds.Subscribers, feeds.Count));
        await door.GetAsync("/v1/events", HttpStatusCode.TooManyRequests);
        await door.GetAsync("/v1/status");

        // The client's half is included, and for a moment what other tests use.
        await World.UntilAsync(() => Task.FromResult(Environment.WorkingSet - before <= 200L << 20), () => $"{(Environment.WorkingSet - before) >> 20} MiB");

        foreach (HttpResponseMessage one in open) one.Dispose();
        await World.UntilAsync(() => Task.FromResult(feeds.Subscribers == 0), () => $"{feeds.Subscribers} subscribers stay.");
        await door.GetAsync("/v1/status");
    }

    [Fact]
    public async Task A_removed_peer_is_gone_for_who_watches_and_for_who_comes_back()
    {
        await using Door door = await Door.OpenAsync();
        string added = $"/ip4/127.0.0.1/tcp/1/p2p/{PeerId}";
        await door.PostAsync("/v1/peers", $$"""{"chain":"samples","address":"{{added}}"}""", HttpStatusCode.Created);
        await using Subscriber subscriber = await Subscriber.OpenAsync(door, "/v1/events");
        Assert.Equal("reset", (await subscriber.FirstAsync()).Type);
        await subscriber.UntilAsync("peer", p => (string)p["peerId"]! == PeerId);
        await using Subscriber leaver = await Subscriber.OpenAsync(door, "/v1/events");
        await leaver.UntilAsync("peer", p => (string)p["peerId"]! == PeerId);
        await leaver.DisposeAsync();

        await door.SendAsync(HttpMethod.Delete, $"/v1/peers/{PeerId}", null, HttpStatusCode.NoContent);

        await subscriber.UntilAsync("gone", g => ((string)g["kind"]!, (string)g["id"]!) == ("peer", PeerId));
        await using Subscriber back = await Subscriber.OpenAsync(door, "/v1/events", leaver.LastId);
        Assert.NotEqual("reset", (await back.FirstAsync()).Type);
        await back.UntilAsync("gone", g => (string)g["id"]! == PeerId);
    }

    [Fact]
    public void What_is_gone_is_told_once_and_gives_way_first()
    {
        LiveLog log = new("e", thingsMax: 3);
        foreach (string key in new[] { "peer/a", "peer/b", "range/c" }) log.Set(key, "t", "1"u8.ToArray());
        log.Retain(new HashSet<string> { "peer/a", "range/c" });
        log.Retain(new HashSet<string> { "peer/a", "range/c" });

        LiveEvent gone = Assert.Single(log.After(3, 10));
        Assert.Equal("id: e-4\nevent: gone\ndata: {\"kind\":\"peer\",\"id\":\"b\"}\n\n", Encoding.ASCII.GetString(gone.Frame));

        // With it the log forgets that there was something to tell: who was away since before is told everything.
        log.Set("peer/d", "t", "1"u8.ToArray());
        Assert.Equal(["peer/a", "range/c", "peer/d"], log.After(0, 10).Select(e => e.Key));
        Assert.Equal((0L, 4L), (log.PlaceOf("e-3"), log.PlaceOf("e-4")));

        // A thing that comes back is told of again.
        log.Retain(new HashSet<string> { "range/c", "peer/d" });
        log.Set("peer/a", "t", "1"u8.ToArray());
        Assert.False(log.After(0, 10)[^1].IsGone);
    }

    [Fact]
    public void A_log_keeps_the_latest_state_of_each_thing()
    {
        LiveLog log = new("e", thingsMax: 3);
        log.Set("a", "t", "1"u8.ToArray());
        log.Set("b", "t", "1"u8.ToArray());
        log.Set("a", "t", "2"u8.ToArray());
        log.Set("b", "t", "1"u8.ToArray());   // no change

        Assert.Equal([("b", 2L), ("a", 3L)], log.After(0, 10).Select(e => (e.Key, e.Sequence)));
        Assert.Equal("id: e-3\nevent: t\ndata: 2\n\n", Encoding.ASCII.GetString(log.After(2, 10).Single().Frame));
        Assert.Equal(["b"], log.After(0, 1).Select(e => e.Key));
        Assert.Empty(log.After(3, 10));
        Assert.Equal((3L, 0L, 0L, 0L), (log.PlaceOf("e-3"), log.PlaceOf("f-3"), log.PlaceOf(null), log.PlaceOf("e-x")));

        log.Set("c", "t", "1"u8.ToArray());
        log.Set("d", "t", "1"u8.ToArray());   // one more than it keeps
        Assert.Equal(["a", "c", "d"], log.After(0, 10).Select(e => e.Key));
    }

    [Fact]
    public void A_change_wakes_who_waits_and_no_change_does_not()
    {
        LiveLog log = new("e", thingsMax: 3);
        log.Set("a", "t", "1"u8.ToArray());
        Task waiting = log.Changed;
        log.Set("a", "t", "1"u8.ToArray());
        Assert.False(waiting.IsCompleted);
        log.Set("a", "t", "2"u8.ToArray());
        Assert.True(waiting.IsCompleted);
        Assert.False(log.Changed.IsCompleted);
    }

    private sealed class Subscriber(HttpResponseMessage response, StreamReader reader) : IAsyncDisposable
    {
        public string LastId { get; private set; } = "";

        public List<(string Type, JsonNode Data)> Seen { get; } = [];

        public static async Task<Subscriber> OpenAsync(Door door, string path, string? lastId = null)
        {
            using HttpRequestMessage request = new(HttpMethod.Get, path);
            if (lastId is not null) request.Headers.Add("Last-Event-ID", lastId);
            HttpResponseMessage response = await door.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
            Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
            return new Subscriber(response, new StreamReader(await response.Content.ReadAsStreamAsync(Token)));
        }

        public async Task<JsonNode> NextAsync(string type)
        {
            while (true)
            {
                (string current, JsonNode data) = await NextAsync();
                if (current == type) return data;
            }
        }

        public async Task<(string Type, JsonNode Data)> FirstAsync() => Seen is [var first, ..] ? first : await NextAsync();

        private async Task<(string Type, JsonNode Data)> NextAsync()
        {
            string current = "";
            while (true)
            {
                string line = await reader.ReadLineAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Token) ?? throw new EndOfStreamException();
                if (line.StartsWith("id: ", StringComparison.Ordinal)) LastId = line[4..];
                if (line.StartsWith("event: ", StringComparison.Ordinal)) current = line[7..];
                if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
                JsonNode data = JsonNode.Parse(line[6..])!;
                Seen.Add((current, data));
                return (current, data);
            }
        }

        public async Task UntilAsync(string type, Func<JsonNode, bool> condition)
        {
            if (Seen.Any(e => e.Type == type && condition(e.Data))) return;
            while (!condition(await NextAsync(type)))
            {
            }
        }

        public ValueTask DisposeAsync()
        {
            reader.Dispose();
            response.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
