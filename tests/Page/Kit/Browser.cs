using Microsoft.Playwright;
using OpSync.TestKit;
using Xunit;

[assembly: AssemblyFixture(typeof(OpSync.Page.Kit.Browser))]

namespace OpSync.Page.Kit;

/// <summary>The machine's own Chromium, driven by Playwright. With PAGE_SCREENSHOTS set to a directory, pictures go there.</summary>
public sealed class Browser : IAsyncLifetime
{
    /// <summary>What a process of a loaded machine may take; nothing passes sooner or later because of it.</summary>
    public const float PatienceMs = 60_000;

    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (Names.Select(Skip.FindTool).FirstOrDefault(t => t is not null) is not { } path) return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = path,
            Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.CloseAsync();
        _playwright?.Dispose();
    }

    /// <summary>A tab of its own with nothing kept from others. Whatever the page complains of fails the test at its end.</summary>
    internal async Task<Tab> OpenAsync(int width = 1280, int height = 900, bool dark = false)
    {
        Skip.Unless(_browser is not null, "No Chromium is installed.");
        IBrowserContext context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
            Locale = "en-US",
            TimezoneId = "UTC",
        });
        context.SetDefaultTimeout(PatienceMs);
        return new Tab(context, await context.NewPageAsync());
    }
}
