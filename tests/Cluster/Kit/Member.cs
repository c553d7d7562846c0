using System.Collections.Concurrent;
using System.Diagnostics;
using OpSync.EndToEnd;
using Xunit;

namespace OpSync.Cluster.Kit;

/// <summary>A process of the deployment, which can be killed, told to stop, frozen, and started again with the same arguments.</summary>
internal sealed class Member(string[] arguments) : IAsyncDisposable
{
    private const int LinesKept = 60;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<string> _said = new();
    private Process? _process;

    private Process Running => _process ?? throw new InvalidOperationException("It does not run.");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The latest of what it said on stderr.</summary>
    public string Said => string.Join('\n', _said);

    /// <summary>Starts it and waits until it says where it can be reached.</summary>
    public async Task StartAsync()
    {
        _process = Opsync.Start(arguments);
        _process.ErrorDataReceived += (_, line) => Note(line.Data);
        _process.BeginErrorReadLine();
        string? address = await _process.StandardOutput.ReadLineAsync(Token).AsTask().WaitAsync(s_patience, Token);
        if (address is null) Assert.Fail($"opsync {string.Join(' ', arguments)} ended: {Said}");
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (!Running.HasExited) Running.Kill();
        await EndAsync();
    }

    /// <summary>SIGTERM, and what follows from it until the process is gone.</summary>
    public async Task StopAsync()
    {
        await SignalAsync("-TERM");
        await Running.WaitForExitAsync(Token).WaitAsync(s_patience, Token);
        Assert.True(Running.ExitCode == 0, Said);
        await EndAsync();
    }

    /// <summary>Starts it again if it has ended by itself, as whoever watches over processes does: a silo that was frozen and is told
    /// that it counts as dead ends.</summary>
    public async Task ReviveAsync()
    {
        if (!Running.HasExited) return;
        await EndAsync();
        await StartAsync();
    }

    /// <summary>SIGSTOP.</summary>
    public Task FreezeAsync() => SignalAsync("-STOP");

    /// <summary>SIGCONT.</summary>
    public Task ThawAsync() => SignalAsync("-CONT");

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await KillAsync();
    }

    private void Note(string? line)
    {
        if (line is null) return;
        _said.Enqueue(line);
        if (_said.Count > LinesKept) _said.TryDequeue(out _);
    }

    private async Task EndAsync()
    {
        await Running.WaitForExitAsync(CancellationToken.None).WaitAsync(s_patience, CancellationToken.None);
        Running.Dispose();
        _process = null;
    }

    private Task SignalAsync(string signal) => Opsync.SignalAsync(Running, signal);
}
