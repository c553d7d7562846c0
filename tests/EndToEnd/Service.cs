using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>An <c>opsync up</c> in a process of its own.</summary>
internal sealed class Service : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private Service(Process process, string address)
    {
        _process = process;
        Address = address;
        Errors = process.StandardError.ReadToEndAsync();
        Http = new HttpClient { BaseAddress = new Uri(address), Timeout = Patience };
    }

    /// <summary>Where it can be opened.</summary>
    public string Address { get; }

    /// <summary>HOST:PORT of <see cref="Address"/>.</summary>
    public string EndPoint => Address["http://".Length..].TrimEnd('/');

    /// <summary>A client of it.</summary>
    public HttpClient Http { get; }

    /// <summary>What it has said on stderr, once it has ended.</summary>
    public Task<string> Errors { get; }

    /// <summary>Most memory it ever held, in bytes.</summary>
    public long MemoryPeak => 1024 * long.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal)).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1],
        System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Starts it on a free port unless the arguments name one.</summary>
    public static async Task<Service> StartAsync(params string[] arguments)
    {
        string[] port = arguments.Contains("--http-listen") ? [] : ["--http-listen", "127.0.0.1:0"];
        Process process = Opsync.Start(["up", "--p2p-listen", "none", "--log-level", "error", .. port, .. arguments]);
        string? address = await process.StandardOutput.ReadLineAsync().WaitAsync(Patience);
        if (address is null) Assert.Fail("up ended: " + await process.StandardError.ReadToEndAsync());
        return new Service(process, address);
    }

    /// <summary>Posts a range anchored at its last block to the first chain; gives its id.</summary>
    public async Task<string> PostRangeAsync(ulong first, ulong last, string hash)
    {
        JsonNode chain = (await Http.GetFromJsonAsync<JsonNode>("/v1/chains"))!["items"]![0]!;
        using HttpResponseMessage posted = await Http.PostAsJsonAsync("/v1/ranges", new { chain = $"{chain["chainId"]}", first, last, anchor = new { number = last, hash } });
        JsonNode body = (await posted.Content.ReadFromJsonAsync<JsonNode>())!;
        Assert.True(posted.IsSuccessStatusCode, body.ToJsonString());
        return (string)body["id"]!;
    }

    /// <summary>Waits until a range is as is wanted.</summary>
    public async Task<JsonNode> UntilAsync(string range, Func<JsonNode, bool> condition)
    {
        long started = TimeProvider.System.GetTimestamp();
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            JsonNode report = (await Http.GetFromJsonAsync<JsonNode>($"/v1/ranges/{range}"))!;
            if (condition(report)) return report;
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience, report.ToJsonString());
            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>SIGTERM; gives the exit code.</summary>
    public async Task<int> StopAsync()
    {
        await Opsync.SignalAsync(_process, "-TERM");
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    /// <summary>Ends it as a crash does.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Http.Dispose();
        _process.Dispose();
    }
}
