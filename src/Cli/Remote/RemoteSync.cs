using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OpSync.Codec.Primitives;
using OpSync.Gateway.Json;

namespace OpSync.Cli.Remote;

/// <summary><c>opsync sync --gateway</c>: a running service fills the range; this waits for it.</summary>
internal static class RemoteSync
{
    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(500);

    /// <summary>A service that does not answer for this long is given up; its ranges go on without anybody watching.</summary>
    private static readonly TimeSpan AbsenceMax = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync(
        GatewayClient client, string chain, ulong first, ulong last, BlockId? anchor, IReadOnlyList<string> peers, double timeout, bool json, CancellationToken cancellationToken)
    {
        using (client)
        {
            foreach (string peer in peers)
            {
                await client.PostAsync("/v1/peers", new PeerPostJson { Chain = chain, Address = peer }, GatewayJson.Default.PeerPostJson, GatewayJson.Default.PeerJson, cancellationToken);
            }

            RangePostJson post = new()
            {
                Chain = chain,
                First = first,
                Last = last,
                Anchor = anchor is { } block ? new BlockIdJson { Number = block.Number, Hash = block.Hash.ToString() } : null,
            };
            RangeJson range = await client.PostAsync("/v1/ranges", post, GatewayJson.Default.RangePostJson, GatewayJson.Default.RangeJson, cancellationToken);
            return await WatchAsync(client, range, timeout, json, cancellationToken);
        }
    }

    /// <summary>Waits until a range ends or the time is over, and prints how it stands then.</summary>
    /// <param name="client">Asks the service.</param>
    /// <param name="range">As it stands now.</param>
    /// <param name="timeout">Seconds to wait, or 0 for as long as it takes; checked by <see cref="CheckTimeout"/>.</param>
    /// <param name="json">Print JSON.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<int> WatchAsync(GatewayClient client, RangeJson range, double timeout, bool json, CancellationToken cancellationToken)
    {
        bool terminal = !Console.IsErrorRedirected;
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (timeout > 0) patience.CancelAfter(TimeSpan.FromSeconds(timeout));
        try
        {
            while (range.State is "running" or "paused" or "unknown")
            {
                if (terminal) await Console.Error.WriteAsync("\r" + Line(range).PadRight(Math.Max(20, Console.WindowWidth - 1)));
                await Task.Delay(PollPeriod, patience.Token);
                range = await LookAsync(client, range.Id, patience.Token);
            }
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            // The service goes on; what it has so far is told.
        }

        if (terminal) await Console.Error.WriteLineAsync();
        await Console.Out.WriteLineAsync(json ? JsonSerializer.Serialize(range, GatewayJson.Default.RangeJson) : Line(range));
        return range.State switch
        {
            "complete" => range.Stall is null ? ExitCode.Done : ExitCode.Failed,
            "anchorMismatch" or "doesNotAttach" => ExitCode.Failed,
            _ => ExitCode.Incomplete,
        };
    }

    /// <summary>A time to wait, in seconds, as all commands take it.</summary>
    public static double CheckTimeout(double seconds) =>
        seconds is >= 0 and <= 1e6 ? seconds : throw new UsageException($"--timeout {seconds} must be from 0 to 1000000 seconds.");

    /// <summary>How the range stands. A silo or gateway that goes takes its answers along, and another gives them a moment later.</summary>
    private static async Task<RangeJson> LookAsync(GatewayClient client, string id, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return await client.GetAsync($"/v1/ranges/{id}", GatewayJson.Default.RangeJson, cancellationToken);
            }
            catch (Exception e) when (e is RemoteException { IsPassing: true } or HttpRequestException && Stopwatch.GetElapsedTime(started) < AbsenceMax)
            {
                await Task.Delay(PollPeriod, cancellationToken);
            }
        }
    }

    /// <summary>The time left in words; null if nothing can be said.</summary>
    public static string? TimeLeft(RangeJson range) => range.TimeLeft is { LowSeconds: { } low, HighSeconds: { } high }
        ? string.Create(CultureInfo.InvariantCulture, $"{low:F0} to {high:F0} s")
        : null;

    private static string Line(RangeJson range)
    {
        string left = range.State == "running" && TimeLeft(range) is { } time ? $", {time} left" : "";
        string stall = range.Stall is { } reason ? $": {reason.Text}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{range.Id} {range.State}: {range.Stored} of {range.Total} blocks, {range.BlocksPerSecond:F0} blocks/s{left}{stall}");
    }
}
