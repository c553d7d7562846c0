using System.CommandLine;
using Microsoft.Extensions.Logging;
using OpSync.Cli.Local;
using OpSync.Codec.OpStack;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Chains;
using OpSync.Silo.Serving;
using OpSync.Storage;

namespace OpSync.Cli.Commands;

/// <summary><c>opsync serve</c>: serves stored blocks until it is told to stop.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        Option<string?> network = CommonOptions.Network();
        Option<string?> rollup = CommonOptions.Rollup();
        Option<string> dataDir = CommonOptions.DataDir();
        Option<string[]> listen = new("--listen") { Description = "Address to listen on; port 0 takes a free one", HelpName = "MULTIADDR", DefaultValueFactory = _ => ["/ip4/0.0.0.0/tcp/9223"] };
        Option<string?> key = new("--key") { Description = "Identity of this server; without it the data directory's own, made on first use", HelpName = "FILE" };
        Option<double?> rate = new("--serve-rate") { Description = "Blocks per second for one peer; all peers together get twenty times that", HelpName = "R" };
        Option<bool> verbose = new("--verbose") { Description = "Log to stderr" };
        Command command = new("serve", "Serve stored blocks over libp2p until SIGTERM; may run beside a writer of the same directory.")
        {
            network, rollup, dataDir, listen, key, rate, verbose,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await Task.Yield();   // a signal that comes now must find the command begun: else it only kills
            ChainSpec chain = CommonOptions.Chain(parsed.GetValue(network), parsed.GetValue(rollup));
            List<Multiaddr> addresses = [.. parsed.GetValue(listen)!.Select(static t => CommonOptions.ListenAddress(t))];
            ServeOptions options = Rates(parsed.GetValue(rate));
            string directory = parsed.GetValue(dataDir)!;
            await using DataDirectory store = LocalStore.OpenReader(directory, chain);
            using PeerIdentity identity = parsed.GetValue(key) is { } file
                ? IdentityFile.Load(file)
                : IdentityFile.LoadOrCreate(Path.Combine(directory, IdentityFile.DefaultName));
            using StderrLoggerProvider logs = new(parsed.GetValue(verbose) ? LogLevel.Information : LogLevel.Error);
            ChainRegistry chains = new([new ServedChain(chain, store.Blocks)]);
            ServeNode node = await ServeNode.StartAsync(
                chains, identity, addresses, options, new SwarmOptions(), TimeProvider.System, logs.CreateLogger("serve"), cancellationToken);
            await using (node)
            {
                foreach (Multiaddr address in node.Addresses) await Console.Out.WriteLineAsync(address.ToString());
                await Console.Out.FlushAsync(CancellationToken.None);
                await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await Console.Error.WriteLineAsync($"Stopped: {node.Served} blocks served, {node.Refused} requests refused.");
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>Limits of serving at this rate for one peer; null for the defaults.</summary>
    public static ServeOptions Rates(double? rate)
    {
        ServeOptions defaults = new();
        if (rate is not { } perPeer) return defaults;
        if (perPeer is not (> 0 and <= 1e6)) throw new UsageException($"--serve-rate {perPeer} must be above 0 and at most 1000000.");
        double total = perPeer * 20;
        return defaults with
        {
            PeerRate = perPeer,
            PeerBurst = (int)Math.Clamp(perPeer * 2, 1, 1_000_000),
            TotalRate = total,
            TotalBurst = (int)Math.Clamp(total * 2, 1, 10_000_000),
        };
    }
}
