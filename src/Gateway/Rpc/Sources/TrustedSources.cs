using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpSync.Codec.Json;
using OpSync.Codec.Primitives;

namespace OpSync.Gateway.Rpc.Sources;

/// <summary>Polls the trusted sources of all chains and keeps their last answers.</summary>
internal sealed class TrustedSources : BackgroundService
{
    /// <summary>Bytes of an answer. A block without transaction objects, of the largest kind, has less.</summary>
    private const int AnswerBytesMax = 8 << 20;

    /// <summary>Characters of a source's own words that are logged. Callers get none of them: a "not found" among them would tell an
    /// op-node that this chain has no such block.</summary>
    private const int WordsLengthMax = 200;

    private readonly Dictionary<ulong, Source> _sources;
    private readonly HttpClient _client;
    private readonly TimeProvider _time;
    private readonly ILogger<TrustedSources> _log;

    public TrustedSources(RpcSettings settings, TimeProvider time, ILogger<TrustedSources> log)
    {
        _time = time;
        _log = log;
        _sources = settings.Chains.Where(c => c.Source is not null).ToDictionary(c => c.ChainId, c => new Source(c.ChainId, c.Source!));
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = Timeout.InfiniteTimeSpan,   // each poll has its own
            MaxResponseContentBufferSize = AnswerBytesMax,
        };
    }

    /// <summary>What the source of a chain says.</summary>
    /// <param name="chainId">Chain.</param>
    /// <param name="problem">Why there is nothing, for the caller.</param>
    public TrustedView? Find(ulong chainId, out string problem)
    {
        problem = "no trusted source is configured for this chain";
        if (!_sources.TryGetValue(chainId, out Source? source)) return null;
        if (source.View is { } view && _time.GetElapsedTime(view.At) <= source.Settings.StaleAfter) return view;
        string since = source.View is null ? "yet" : $"for {source.Settings.StaleAfter.TotalSeconds:0} s";
        problem = $"the trusted source of this chain has not answered {since}: {source.Problem ?? "it was not asked yet"}";
        return null;
    }

    public override void Dispose()
    {
        _client.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(_sources.Values.Select(s => Task.Run(() => PollAsync(s, stoppingToken), CancellationToken.None)));

    private async Task PollAsync(Source source, CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(source.Settings.Period, _time);
        try
        {
            do
            {
                await PollOnceAsync(source, stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
    }

    private async Task PollOnceAsync(Source source, CancellationToken stoppingToken)
    {
        using CancellationTokenSource deadline = new(source.Settings.Timeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stoppingToken);
        Problem? problem;
        try
        {
            problem = source.Settings.Kind == TrustedSourceKind.OpNode
                ? await AskOpNodeAsync(source, either.Token)
                : await AskExecutionAsync(source, either.Token);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or IOException or OperationCanceledException && !stoppingToken.IsCancellationRequested)
        {
            problem = new Problem(
                deadline.IsCancellationRequested ? $"no answer within {source.Settings.Timeout.TotalSeconds:0} s"
                : e is JsonException ? "its answer is no JSON"
                : e is HttpRequestException { HttpRequestError: not HttpRequestError.Unknown and var error } ? $"the connection fails ({error})"
                : "the connection broke",
                e.Message);
        }

        // Said once when it changes, not at each poll.
        string name = source.Settings.Url.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
        if (problem is not null && source.Problem is null) RpcLog.SourceFailed(_log, name, source.ChainId, problem.ForLog());
        if (problem is null && (source.Problem is not null || !source.Spoke))
        {
            RpcLog.SourceAnswers(_log, name, source.ChainId, source.View!.Safe.Number, source.View.Finalized.Number);
            source.Spoke = true;
        }

        source.Problem = problem?.Text;
    }

    private async Task<Problem?> AskOpNodeAsync(Source source, CancellationToken cancellationToken)
    {
        (JsonDocument? answer, Problem? problem) = await CallAsync(
            source, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"optimism_syncStatus\",\"params\":[]}", cancellationToken);
        if (answer is null) return problem;
        using (answer)
        {
            if (SyncStatus.Read(answer.RootElement.GetProperty("result"), out SyncStatus? status) is { } fault) return new Problem(fault);
            source.View = new TrustedView(status!.SafeL2.Id, status.FinalizedL2.Id, status, _time.GetTimestamp());
            return null;
        }
    }

    private async Task<Problem?> AskExecutionAsync(Source source, CancellationToken cancellationToken)
    {
        (BlockId safe, Problem? problem) = await AskTagAsync(source, "safe", cancellationToken);
        if (problem is not null) return problem;
        (BlockId finalized, problem) = await AskTagAsync(source, "finalized", cancellationToken);
        if (problem is not null) return problem;
        if (finalized.Number > safe.Number) return new Problem("the finalized block is above the safe one");
        source.View = new TrustedView(safe, finalized, null, _time.GetTimestamp());
        return null;
    }

    private async Task<(BlockId Block, Problem? Problem)> AskTagAsync(Source source, string tag, CancellationToken cancellationToken)
    {
        (JsonDocument? answer, Problem? problem) = await CallAsync(
            source, $"{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getBlockByNumber\",\"params\":[\"{tag}\",false]}}", cancellationToken);
        if (answer is null) return (default, problem);
        using (answer)
        {
            return HexJson.TryReadBlockId(answer.RootElement.GetProperty("result"), out BlockId id) ? (id, null) : (default, new Problem($"its {tag} block has no number or no hash"));
        }
    }

    /// <summary>An answer that has a result, which is an object; or what is wrong.</summary>
    private async Task<(JsonDocument? Answer, Problem? Problem)> CallAsync(Source source, string body, CancellationToken cancellationToken)
    {
        using StringContent content = new(body, new MediaTypeHeaderValue("application/json"));
        using HttpResponseMessage response = await _client.PostAsync(source.Settings.Url, content, cancellationToken);
        if (!response.IsSuccessStatusCode) return (null, new Problem($"it answers with HTTP status {(int)response.StatusCode}"));
        JsonDocument answer = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellationToken), default, cancellationToken);
        if (FindFault(answer.RootElement) is not { } fault) return (answer, null);
        answer.Dispose();
        return (null, fault);
    }

    private static Problem? FindFault(JsonElement answer)
    {
        if (answer.ValueKind != JsonValueKind.Object) return new Problem("it gave no result");
        if (answer.TryGetProperty("error", out JsonElement error) && error.ValueKind == JsonValueKind.Object)
            return new Problem("it answers with an error; the log has its words", error.TryGetProperty("message", out JsonElement text) ? text.ToString() : "");
        return answer.TryGetProperty("result", out JsonElement result) && result.ValueKind == JsonValueKind.Object ? null : new Problem("it gave no result");
    }

    /// <summary>Why a source counts for nothing.</summary>
    /// <param name="Text">In our words, for callers.</param>
    /// <param name="Words">What others say, for the log.</param>
    private sealed record Problem(string Text, string Words = "")
    {
        public string ForLog() => Words.Length == 0 ? Text : $"{Text}: {(Words.Length <= WordsLengthMax ? Words : Words[..WordsLengthMax])}";
    }

    private sealed class Source(ulong chainId, TrustedSourceSettings settings)
    {
        private volatile TrustedView? _view;
        private volatile string? _problem;

        public ulong ChainId => chainId;

        public TrustedSourceSettings Settings => settings;

        public bool Spoke { get; set; }

        public TrustedView? View
        {
            get => _view;
            set => _view = value;
        }

        public string? Problem
        {
            get => _problem;
            set => _problem = value;
        }
    }
}
