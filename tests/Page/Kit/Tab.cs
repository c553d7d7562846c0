using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace OpSync.Page.Kit;

/// <summary>A tab of the browser, and what its page complained of.</summary>
internal sealed class Tab : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = [];

    public Tab(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.PageError += (_, error) => _complaints.Enqueue(error);
        page.Console += (_, message) =>
        {
            // A request that was refused or found nobody is logged by the browser itself; the tests make them on purpose.
            if (message.Type is "error" or "warning" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal)) _complaints.Enqueue(message.Text);
        };
    }

    public IPage Page { get; }

    /// <summary>What the page said of itself: script errors, and what its content policy refused.</summary>
    public IEnumerable<string> Complaints => _complaints;

    public ILocator this[string selector] => Page.Locator(selector);

    public async Task SeeAsync(string selector, string text) => await Assertions.Expect(Page.Locator(selector).First).ToContainTextAsync(
        text, new LocatorAssertionsToContainTextOptions { Timeout = Browser.PatienceMs });

    public async Task SeeAsync(string selector) => await Assertions.Expect(Page.Locator(selector).First).ToBeVisibleAsync(
        new LocatorAssertionsToBeVisibleOptions { Timeout = Browser.PatienceMs });

    public async Task SeeNotAsync(string selector) => await Assertions.Expect(Page.Locator(selector).First).ToBeHiddenAsync(
        new LocatorAssertionsToBeHiddenOptions { Timeout = Browser.PatienceMs });

    /// <summary>Posts a range with the dialog.</summary>
    public async Task PostRangeAsync(ulong first, ulong last, ulong? number, string? hash)
    {
        await Page.ClickAsync("#open-range");
        await Page.FillAsync("#r-first", $"{first}");
        await Page.FillAsync("#r-last", $"{last}");
        await Page.FillAsync("#r-number", $"{number}");
        await Page.FillAsync("#r-hash", hash ?? "");
        await Page.ClickAsync("#range-form button.primary");
    }

    /// <summary>Adds a peer with the dialog.</summary>
    public async Task AddPeerAsync(string address)
    {
        await Page.ClickAsync("#open-peer");
        await Page.FillAsync("#p-address", address);
        await Page.ClickAsync("#peer-form button.primary");
        await SeeNotAsync("#peer-dialog");
    }

    /// <summary>Begins to look whether the page ever tells a speed: it does so only while blocks come.</summary>
    public Task WatchSpeedAsync() => Page.EvaluateAsync(
        """
        () => {
          const speed = document.getElementById('t-blocks');
          new MutationObserver(() => { if (!speed.textContent.startsWith('0.0 ')) window.sawSpeed = true; })
            .observe(speed, { childList: true, characterData: true, subtree: true });
        }
        """);

    /// <summary>Waits until it has told one.</summary>
    public Task SeeSpeedAsync() => Page.WaitForFunctionAsync("() => window.sawSpeed");

    /// <summary>Begins to add up how far things jump without anybody's doing (W3C Layout Instability).</summary>
    public Task WatchShiftsAsync() => Page.EvaluateAsync(
        """
        () => {
          window.shifts = 0;
          new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) window.shifts += e.value; }).observe({ type: 'layout-shift' });
        }
        """);

    /// <summary>The sum so far; 0.1 is what the measure's authors call good.</summary>
    public Task<double> ShiftsAsync() => Page.EvaluateAsync<double>("window.shifts");

    /// <summary>A picture of the whole page, for whoever wants to look.</summary>
    public async Task ShootAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("PAGE_SCREENSHOTS") is not { Length: > 0 } directory) return;
        await Page.EvaluateAsync("scrollTo(0, 0)");
        await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(directory, name + ".png"), FullPage = true });
    }

    public async ValueTask DisposeAsync() => await _context.CloseAsync();
}
