using Microsoft.Playwright;
using OpSync.EndToEnd;
using OpSync.Page.Kit;
using Xunit;

namespace OpSync.Page;

/// <summary>An operator's first hour with the page: peers, a range, a liar.</summary>
public sealed class SyncTests(Browser browser, Demo demo)
{
    /// <summary>Blocks a second asked of one peer: slow enough that a range can be seen under way.</summary>
    private const string PeerRate = "60";

    [Fact]
    public async Task A_range_posted_on_the_page_completes_and_a_lying_peer_is_blamed()
    {
        using TempDirectory temp = new();
        Task<Server>[] starting = [demo.StartHonestAsync(), demo.StartHonestAsync(), demo.StartLyingAsync()];
        await using Service service = await demo.StartServiceAsync(temp["data"], arguments: ["--p2p-peer-rate", PeerRate]);
        await using Tab tab = await browser.OpenAsync();
        await tab.Page.GotoAsync(service.Address);

        await tab.SeeAsync("#ranges-empty", "No range yet");
        await tab.SeeAsync("#peers-empty", "No peer yet");
        await tab.SeeAsync("#link-text", "Live");
        await tab.ShootAsync("empty");

        Server[] servers = await Task.WhenAll(starting);
        foreach (Server server in servers[..2])
        {
            await tab.AddPeerAsync(server.Address);
            await tab.SeeAsync($"[data-peer='{server.PeerId}'] .chip", "ok");
        }

        ulong middle = demo.Last - 399;
        await tab.WatchSpeedAsync();
        await tab.PostRangeAsync(middle, demo.Last, demo.Last, demo.LastHash);
        await tab.SeeNotAsync("#range-dialog");
        ILocator range = tab[".range"].First;
        await tab.WatchShiftsAsync();
        await tab.SeeAsync(".range h3", $"{middle:N0} – {demo.Last:N0}");
        await Assertions.Expect(range.Locator("[role=progressbar]")).Not.ToHaveAttributeAsync(
            "aria-valuenow", "0", new LocatorAssertionsToHaveAttributeOptions { Timeout = Browser.PatienceMs });
        await tab.SeeSpeedAsync();
        await tab.ShootAsync("running");
        await tab.SeeAsync(".range .chip", "complete");
        await tab.SeeAsync(".range .why", "Every block is stored");
        await tab.SeeAsync("#events", "is complete");
        await tab.SeeAsync("#t-stored", "400");
        Assert.InRange(await tab.ShiftsAsync(), 0, 0.05);
        await tab.ShootAsync("complete");

        Server liar = servers[2];
        await tab.AddPeerAsync(liar.Address);
        await tab.SeeAsync($"[data-peer='{liar.PeerId}']");

        // The anchor may lie above the range: the way down to it is stored.
        await tab.PostRangeAsync(demo.First, middle - 1, demo.Last, demo.LastHash);
        string wrong = $"[data-peer='{liar.PeerId}'] td[data-label=Wrong][data-tone=bad]";
        await tab.SeeAsync(wrong);
        await tab.SeeAsync($"[data-peer='{liar.PeerId}'] td[data-label=Score]", "−");
        await tab.SeeAsync("#events", "wrong block");
        await tab.Page.ClickAsync($"[data-peer='{liar.PeerId}'] button[aria-expanded]");
        await tab.SeeAsync($"[data-peer='{liar.PeerId}'] .ledger [data-tone=bad]");
        await tab.SeeAsync("#t-stored", $"{Demo.Blocks:N0}");
        await tab.ShootAsync("blamed");
        await ShootOthersAsync(service, liar);
        Assert.Empty(tab.Complaints);
    }

    /// <summary>The same in the dark and on a phone, where nothing may stick out sideways.</summary>
    private async Task ShootOthersAsync(Service service, Server liar)
    {
        await using Tab dark = await browser.OpenAsync(dark: true);
        await dark.Page.GotoAsync(service.Address);
        await dark.SeeAsync($"[data-peer='{liar.PeerId}']");
        await dark.ShootAsync("dark");

        await using Tab phone = await browser.OpenAsync(375, 812);
        await phone.Page.GotoAsync(service.Address);
        await phone.SeeAsync($"[data-peer='{liar.PeerId}']");
        Assert.Equal(375, await phone.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        await phone.ShootAsync("phone");
        await phone.Page.ClickAsync($"[data-peer='{liar.PeerId}'] button[aria-expanded]");
        Assert.Equal(375, await phone.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        Assert.Empty(dark.Complaints.Concat(phone.Complaints));
    }
}
