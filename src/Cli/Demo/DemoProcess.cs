using System.Diagnostics;

namespace OpSync.Cli.Demo;

/// <summary>Another process of this program. Killed with the demo.</summary>
internal sealed class DemoProcess : IDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(5);

    private readonly Process _process;

    private DemoProcess(Process process) => _process = process;

    public static DemoProcess Start(params string[] arguments)
    {
        string program = Environment.ProcessPath!;
        bool throughHost = Path.GetFileNameWithoutExtension(program) == "dotnet";
        ProcessStartInfo start = new(program, throughHost ? ["exec", typeof(Program).Assembly.Location, .. arguments] : arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        return new DemoProcess(Process.Start(start)!);
    }

    /// <summary>The next line of its stdout.</summary>
    /// <exception cref="IOException">It ended, or says nothing.</exception>
    public async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        string? line = await _process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(StartPatience, cancellationToken);
        return line ?? throw new IOException("A process of the demo ended before it was ready.");
    }

    /// <summary>Its stdout until it ends, and its exit code.</summary>
    public async Task<(int ExitCode, string Output)> FinishAsync(CancellationToken cancellationToken)
    {
        string output = await _process.StandardOutput.ReadToEndAsync(cancellationToken);
        await _process.WaitForExitAsync(cancellationToken);
        return (_process.ExitCode, output);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit(KillPatience);
        }

        _process.Dispose();
    }
}
