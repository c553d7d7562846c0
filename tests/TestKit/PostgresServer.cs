using System.Diagnostics;
using System.Globalization;

namespace OpSync.TestKit;

/// <summary>A PostgreSQL server of its own, on a socket in a directory of its own. Nobody else can reach it; it goes with this process,
/// however that ends.</summary>
/// <remarks>The server refuses to run as root, so root starts it as the user "postgres".</remarks>
public sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>Names a server to use in place of one of our own, as a connection string of a user who may create schemas.</summary>
    public const string Variable = "OPSYNC_TEST_POSTGRES";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(20);

    private readonly string _binaries, _data;
    private readonly string[] _settings;
    private Process? _guard;
    private int _databases;

    private PostgresServer(string binaries, string directory, string[] settings)
    {
        (_binaries, Directory, _settings) = (binaries, directory, settings);
        _data = Path.Combine(directory, "data");
    }

    /// <summary>Where its files are.</summary>
    public string Directory { get; }

    /// <summary>Connection string of its superuser.</summary>
    public string ConnectionString => $"Host={Directory};Username=postgres;Database=postgres";

    /// <summary>Why no server can be started here, or null.</summary>
    public static string? Obstacle =>
        FindBinaries() is null ? $"The PostgreSQL server is not installed (package 'postgresql'), and {Variable} names none."
        : Environment.UserName == "root" && Skip.FindTool("setpriv") is null ? "Root cannot start PostgreSQL without 'setpriv'."
        : null;

    /// <summary>Makes a database cluster and starts it.</summary>
    /// <param name="isDurable">False leaves out the syncs: quicker, and the same in everything but a power cut.</param>
    public static async Task<PostgresServer> StartAsync(bool isDurable = false)
    {
        string directory = System.IO.Directory.CreateTempSubdirectory("opsync-pg-").FullName;
        string[] durability = isDurable ? [] : ["-c", "fsync=off", "-c", "full_page_writes=off"];
        PostgresServer server = new(FindBinaries()!, directory, ["-c", "listen_addresses=", "-c", "max_connections=150", .. durability]);
        if (Environment.UserName == "root") await RunAsync("chown", "postgres:postgres", directory);
        await RunAsync(AsServerUser([Path.Combine(server._binaries, "initdb"), "-D", server._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]));
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts it after a stop; returns once it takes connections.</summary>
    public async Task StartAgainAsync()
    {
        // The shell ends the server when its input ends: nothing outlives this process.
        const string script = "\"$@\" & pid=$!; read -r signal; kill -\"${signal:-QUIT}\" $pid; wait $pid";
        string[] command = AsServerUser([Path.Combine(_binaries, "postgres"), "-D", _data, "-k", Directory, .. _settings]);
        ProcessStartInfo start = new("sh", ["-c", script, "sh", .. command]) { RedirectStandardInput = true, RedirectStandardError = true };
        _guard = Process.Start(start)!;
        _ = _guard.StandardError.ReadToEndAsync();
        long started = TimeProvider.System.GetTimestamp();
        while (!await SucceedsAsync(Path.Combine(_binaries, "pg_isready"), "-q", "-h", Directory))
        {
            if (_guard.HasExited || TimeProvider.System.GetElapsedTime(started) > Patience) throw new InvalidOperationException("PostgreSQL did not start.");
            await Task.Delay(PollPeriod);   // each question is a process, which a busy machine could spend on the server
        }
    }

    /// <summary>Stops it: connections are cut, what they were about is rolled back.</summary>
    /// <param name="crash">As a crash would: the next start recovers from the log.</param>
    public async Task StopAsync(bool crash = false)
    {
        if (_guard is not { } guard) return;
        await guard.StandardInput.WriteLineAsync(crash ? "QUIT" : "INT");
        await guard.WaitForExitAsync().WaitAsync(Patience);
        guard.Dispose();
        _guard = null;
    }

    /// <summary>Freezes all of its processes, or lets them go on: it neither answers nor closes a connection.</summary>
    public async Task FreezeAsync(bool on)
    {
        string postmaster = File.ReadLines(Path.Combine(_data, "postmaster.pid")).First();
        await RunAsync("kill", on ? "-STOP" : "-CONT", postmaster);
        foreach (string path in System.IO.Directory.GetDirectories("/proc"))
        {
            string pid = Path.GetFileName(path);
            if (!int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out _) || ParentOf(path) != postmaster) continue;
            await SucceedsAsync("kill", on ? "-STOP" : "-CONT", pid);   // one that just ended is none to freeze
        }
    }

    /// <summary>Makes a database of its own for a test.</summary>
    /// <returns>Its connection string.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        string name = $"t{Interlocked.Increment(ref _databases)}";
        await RunAsync(Path.Combine(_binaries, "createdb"), "-h", Directory, "-U", "postgres", name);
        return $"Host={Directory};Username=postgres;Database={name}";
    }

    /// <summary>What the server says of itself, such as <c>postgres (PostgreSQL) 15.1</c>.</summary>
    public async Task<string> VersionAsync() => (await OutputAsync(Path.Combine(_binaries, "postgres"), "--version")).Trim();

    /// <summary>Ends it and removes its files.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_guard is not null) await FreezeAsync(on: false);   // a test that failed may have left it frozen
        await StopAsync(crash: true);
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static string? ParentOf(string process)
    {
        try
        {
            return File.ReadLines(Path.Combine(process, "status")).FirstOrDefault(l => l.StartsWith("PPid:", StringComparison.Ordinal))?[5..].Trim();
        }
        catch (IOException)
        {
            return null;   // it has ended
        }
    }

    /// <summary>The directory of the server's programs: Debian keeps them by version and out of the path.</summary>
    private static string? FindBinaries()
    {
        const string debian = "/usr/lib/postgresql";
        string[] versions = System.IO.Directory.Exists(debian) ? System.IO.Directory.GetDirectories(debian) : [];
        return versions.Select(v => Path.Combine(v, "bin")).Where(b => File.Exists(Path.Combine(b, "initdb")))
                .OrderByDescending(b => b.Length).ThenByDescending(b => b, StringComparer.Ordinal).FirstOrDefault()
            ?? Path.GetDirectoryName(Skip.FindTool("initdb"));
    }

    private static string[] AsServerUser(string[] command) =>
        Environment.UserName == "root" ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", .. command] : command;

    private static Task RunAsync(params string[] command) => OutputAsync(command);

    private static async Task<string> OutputAsync(params string[] command)
    {
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{string.Join(' ', command)}: {await output}{await error}");
        return await output;
    }

    private static async Task<bool> SucceedsAsync(params string[] command)
    {
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}
