using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using OpSync.EndToEnd;
using OpSync.Libp2p.Identity;
using OpSync.Page.Kit;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Page;

/// <summary>The page tells the truth where there is nothing to tell: loading, locked out, cut off.</summary>
public sealed class StateTests(Browser browser, Demo demo, StateTests.Idle idle) : IClassFixture<StateTests.Idle>
{
    [Fact]
    public async Task Until_the_first_answer_the_page_says_that_it_is_connecting()
    {
        await using Tab tab = await browser.OpenAsync();
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await tab.Page.RouteAsync("**/v1/status", async route =>
        {
            await release.Task;
            await route.ContinueAsync();
        });

        await tab.Page.GotoAsync(idle.Address);
        await tab.SeeAsync("#link-text", "Connecting");
        await tab.SeeAsync("#peers-loading");
        await tab.SeeAsync("#t-stored", "–");
        await tab.SeeNotAsync("#ranges-empty");
        Assert.True(await tab["#open-range"].IsDisabledAsync());
        await tab.ShootAsync("loading");

        release.SetResult();
        await tab.SeeAsync("#t-stored", "0");
        await tab.SeeNotAsync("#peers-loading");
        Assert.Empty(tab.Complaints);
    }

    [Fact]
    public async Task Without_a_token_nothing_is_shown_and_with_it_everything_in_this_tab_only()
    {
        using TempDirectory temp = new();
        Opsync.Result made = (await Opsync.RunAsync("token", "new")).ExpectExit(0);
        string token = made.Output.Trim();
        JsonNode entry = JsonNode.Parse(made.Error[made.Error.IndexOf('{', StringComparison.Ordinal)..])!;
        await using Service service = await demo.StartServiceAsync(temp["data"], arguments:
            [
                "--set", $"http.tokens[0].name={entry["name"]}", "--set", $"http.tokens[0].hash={entry["hash"]}", "--set", "http.tokens[0].scopes=read,sync,admin",
            ]);
        await using Tab tab = await browser.OpenAsync();
        await tab.Page.GotoAsync(service.Address);

        await tab.SeeAsync("#locked", "needs a token");
        await tab.SeeNotAsync("#content");
        await tab.SeeAsync("#link-text", "Not signed in");
        await tab.ShootAsync("unauthorised");

        await tab.Page.FillAsync("#locked-token", "opsync_wrong");
        await tab.Page.PressAsync("#locked-token", "Enter");
        await tab.SeeAsync("#locked-why", "not known");
        Assert.Null(await StoredAsync(tab, "sessionStorage"));

        await tab.Page.FillAsync("#locked-token", token);
        await tab.Page.PressAsync("#locked-token", "Enter");
        await tab.SeeAsync("#ranges-empty");
        await tab.SeeAsync("#link-text", "Live");
        Assert.Equal(token, await StoredAsync(tab, "sessionStorage"));
        Assert.Null(await StoredAsync(tab, "localStorage"));
        Assert.Equal("", await tab.Page.EvaluateAsync<string>("document.cookie"));

        await tab.Page.ReloadAsync();
        await tab.SeeAsync("#link-text", "Live");
        await tab.Page.ClickAsync("#open-token");
        await tab.ShootAsync("access");
        await tab.Page.ClickAsync("#forget");
        await tab.SeeAsync("#locked", "needs a token");
        await tab.SeeNotAsync("#content");
        Assert.Null(await StoredAsync(tab, "sessionStorage"));
        Assert.Empty(tab.Complaints);
    }

    [Fact]
    public async Task A_lost_service_is_told_at_once_and_found_again_when_it_is_back()
    {
        using TempDirectory temp = new();
        await using Service first = await demo.StartServiceAsync(temp["data"], $"127.0.0.1:{FreePort.Find()}");
        await using Tab tab = await browser.OpenAsync();
        ConcurrentQueue<string?> places = [];
        tab.Page.Request += (_, request) =>
        {
            if (request.Url.EndsWith("/v1/events", StringComparison.Ordinal)) places.Enqueue(request.Headers.GetValueOrDefault("last-event-id"));
        };
        await tab.Page.GotoAsync(first.Address);
        await tab.SeeAsync("#link-text", "Live");
        await tab.PostRangeAsync(demo.First, demo.Last, null, demo.LastHash);
        await tab.SeeAsync(".range .chip", "stalled");

        await first.KillAsync();
        await tab.SeeAsync("#link-text", "No connection since");
        await tab.SeeAsync("#retry");
        Assert.Contains("lost", await tab["#alarm"].TextContentAsync(), StringComparison.Ordinal);
        await tab.SeeAsync(".range");
        await tab.ShootAsync("broken");
        await tab.Page.ClickAsync("#open-peer");
        await tab.Page.FillAsync("#p-address", "/ip4/127.0.0.1/tcp/1/p2p/x");
        await tab.Page.ClickAsync("#peer-form button.primary");
        await tab.SeeAsync("#peer-form .fault", "cannot be reached");
        await tab.Page.Keyboard.PressAsync("Escape");

        await using Service second = await demo.StartServiceAsync(temp["data"], first.EndPoint);
        await tab.SeeAsync("#link-text", "Live");
        await tab.SeeAsync(".range .chip", "stalled");
        await tab.SeeNotAsync("#retry");

        // It came for everything first, and then for what it had not heard.
        Assert.Null(places.First());
        Assert.NotNull(places.Last());
        Assert.Empty(tab.Complaints);
    }

    [Fact]
    public async Task What_a_range_waits_for_is_told_and_a_faulty_wish_is_explained_in_the_dialog()
    {
        await using Tab tab = await browser.OpenAsync();
        await tab.Page.GotoAsync(idle.Address);
        await tab.SeeAsync("#link-text", "Live");

        // No anchor covers it.
        await tab.PostRangeAsync(demo.First, demo.Last, null, null);
        await tab.SeeAsync("#range-form .fault", "anchor");

        await tab.Page.FillAsync("#r-hash", demo.LastHash);
        await tab.Page.ClickAsync("#range-form button.primary");
        await tab.SeeAsync(".range .why", "No peer is known");
        await tab.SeeAsync("#t-stalled", "1 stalled");
        await tab.ShootAsync("stalled");

        await tab.Page.ClickAsync(".range button:has-text('Pause')");
        await tab.SeeAsync(".range .chip", "paused");
        await tab.Page.ClickAsync(".range button:has-text('Resume')");
        await tab.SeeAsync(".range .chip", "stalled");
        tab.Page.Dialog += static (_, dialog) => _ = dialog.AcceptAsync();
        await tab.Page.ClickAsync(".range button:has-text('Cancel')");
        await tab.SeeAsync(".range .chip", "cancelled");
        Assert.Empty(tab.Complaints);
    }

    [Fact]
    public async Task Everything_can_be_reached_by_keyboard_and_the_focus_shows()
    {
        await using Tab tab = await browser.OpenAsync();
        await tab.Page.GotoAsync(idle.Address);
        await tab.SeeAsync("#link-text", "Live");

        await tab.Page.Keyboard.PressAsync("Tab");
        Assert.Equal("skip", await FocusedAsync(tab, "className"));
        await tab.Page.Keyboard.PressAsync("Tab");
        Assert.Equal("open-range", await FocusedAsync(tab, "id"));
        Assert.Equal("solid", await tab.Page.EvaluateAsync<string>("getComputedStyle(document.activeElement).outlineStyle"));

        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.SeeAsync("#range-dialog");
        Assert.Equal("r-chain", await FocusedAsync(tab, "id"));
        await tab.Page.Keyboard.PressAsync("Tab");
        await tab.Page.Keyboard.TypeAsync($"{demo.First}");
        await tab.Page.Keyboard.PressAsync("Tab");
        await tab.Page.Keyboard.TypeAsync($"{demo.Last}");
        await tab.Page.Keyboard.PressAsync("Tab");
        await tab.Page.Keyboard.PressAsync("Tab");
        await tab.Page.Keyboard.TypeAsync(demo.LastHash);
        await tab.ShootAsync("dialog");
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.SeeAsync(".range .chip", "stalled");
        await tab.SeeNotAsync("#range-dialog");   // the news may come before the answer, which closes it
        Assert.Equal("open-range", await FocusedAsync(tab, "id"));

        await tab.Page.Keyboard.PressAsync("Tab");
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.SeeAsync("#peer-dialog");
        await tab.Page.Keyboard.PressAsync("Escape");
        await tab.SeeNotAsync("#peer-dialog");
        Assert.Equal("open-peer", await FocusedAsync(tab, "id"));
    }

    [Fact]
    public async Task Text_of_a_peer_stays_text()
    {
        const string agent = "<img src=x onerror=alert(1)><b>agent</b>";
        using PeerIdentity nobody = PeerIdentity.Create(KeyType.Secp256k1);
        await using Tab tab = await browser.OpenAsync();
        await tab.Page.RouteAsync("**/v1/events", static route => route.FulfillAsync(new RouteFulfillOptions { Status = 200, ContentType = "text/event-stream", Body = "" }));
        await tab.Page.RouteAsync("**/v1/peers?*", async route =>
        {
            IAPIResponse response = await route.FetchAsync();
            JsonNode page = JsonNode.Parse(await response.TextAsync())!;
            foreach (JsonNode? peer in page["items"]!.AsArray()) peer!["agent"] = agent;
            await route.FulfillAsync(new RouteFulfillOptions { Response = response, Body = page.ToJsonString() });
        });
        await tab.Page.GotoAsync(idle.Address);
        await tab.SeeAsync("body[data-state=ready]");
        await tab.AddPeerAsync($"/ip4/127.0.0.1/tcp/1/p2p/{nobody.Id}");
        await tab.Page.ReloadAsync();

        await tab.SeeAsync($"[data-peer='{nobody.Id}']", agent);
        Assert.Equal(0, await tab["#peers img, #peers b"].CountAsync());

        // Others find nobody to ask here.
        tab.Page.Dialog += static (_, dialog) => _ = dialog.AcceptAsync();
        await tab.Page.ClickAsync($"[data-peer='{nobody.Id}'] button[aria-expanded]");
        await tab.Page.ClickAsync($"[data-peer='{nobody.Id}'] button:has-text('Remove')");
        await tab.SeeNotAsync($"[data-peer='{nobody.Id}']");
    }

    [Fact]
    public async Task An_answer_that_the_news_have_overtaken_does_not_hide_them()
    {
        using PeerIdentity nobody = PeerIdentity.Create(KeyType.Secp256k1);
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Tab tab = await browser.OpenAsync();
        await tab.Page.RouteAsync("**/v1/peers", async route =>
        {
            IAPIResponse response = await route.FetchAsync();
            JsonNode peer = JsonNode.Parse(await response.TextAsync())!;
            (peer["state"], peer["connected"]) = ("ok", true);
            await release.Task;
            await route.FulfillAsync(new RouteFulfillOptions { Response = response, Body = peer.ToJsonString() });
        });
        await tab.Page.GotoAsync(idle.Address);
        await tab.SeeAsync("#link-text", "Live");
        await tab.Page.ClickAsync("#open-peer");
        await tab.Page.FillAsync("#p-address", $"/ip4/127.0.0.1/tcp/1/p2p/{nobody.Id}");
        await tab.Page.ClickAsync("#peer-form button.primary");
        await tab.SeeAsync($"[data-peer='{nobody.Id}']", "cannot be reached");

        release.SetResult();
        await tab.SeeNotAsync("#peer-dialog");
        await tab.Page.EvaluateAsync("() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))");
        Assert.Equal("trouble", await tab[$"[data-peer='{nobody.Id}']"].GetAttributeAsync("data-standing"));

        await tab.Page.UnrouteAllAsync();
        tab.Page.Dialog += static (_, dialog) => _ = dialog.AcceptAsync();
        await tab.Page.ClickAsync($"[data-peer='{nobody.Id}'] button[aria-expanded]");
        await tab.Page.ClickAsync($"[data-peer='{nobody.Id}'] button:has-text('Remove')");
        await tab.SeeNotAsync($"[data-peer='{nobody.Id}']");
        Assert.Empty(tab.Complaints);
    }

    private static Task<string?> StoredAsync(Tab tab, string where) => tab.Page.EvaluateAsync<string?>($"{where}.getItem('opsync.token')");

    private static Task<string> FocusedAsync(Tab tab, string property) => tab.Page.EvaluateAsync<string>($"document.activeElement.{property}");

    /// <summary>A service without peers, for the tests of this class that leave it as it was.</summary>
    public sealed class Idle(Demo demo) : IAsyncLifetime
    {
        private readonly TempDirectory _temp = new();
        private Service? _service;

        public string Address => _service!.Address;

        public async ValueTask InitializeAsync() => _service = await demo.StartServiceAsync(_temp["data"]);

        public async ValueTask DisposeAsync()
        {
            if (_service is not null) await _service.DisposeAsync();
            _temp.Dispose();
        }
    }
}
