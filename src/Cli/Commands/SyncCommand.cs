using System.CommandLine;
using Microsoft.Extensions.Logging;
using OpSync.Cli.Local;
using OpSync.Cli.Output;
using OpSync.Cli.Remote;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Storage;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Cli.Commands;

/// <summary><c>opsync sync</c>: fills one range and exits.</summary>
internal static class SyncCommand
{
    public static Command Create()
    {
        Option<string?> network = CommonOptions.Network();
        Option<string?> rollup = CommonOptions.Rollup();
        Option<string[]> peers = new("--peer") { Description = "Peer to ask, with its peer id; may be given several times", HelpName = "MULTIADDR" };
        Option<ulong> first = new("--first") { Description = "Lowest block, included", HelpName = "N", Required = true };
        Option<ulong> last = new("--last") { Description = "Highest block, included", HelpName = "N", Required = true };
        Option<string?> anchor = CommonOptions.Anchor("Trusted block: --last, or up to 8192 above it");
        Option<string> dataDir = CommonOptions.DataDir();
        dataDir.Required = false;
        RemoteOptions remote = new();
        Option<double?> peerRate = new("--peer-rate") { Description = "Blocks per second to ask of one peer, whatever it grants; without it 4, as op-node grants, or what the peer turns out to grant", HelpName = "R" };
        Option<double> timeout = new("--timeout") { Description = "Seconds until it gives up with exit code 3; without it, once nothing has moved for a minute", HelpName = "S" };
        Option<bool> json = CommonOptions.Json();
        Option<bool> verbose = new("--verbose") { Description = "Log to stderr" };

        Command command = new("sync", "Fill a block range from libp2p peers, verified by hash chain to an anchor.")
        {
            network, rollup, peers, first, last, anchor, dataDir, peerRate, timeout, json, verbose,
        };
        remote.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await Task.Yield();   // a signal that comes now must find the command begun: else it only kills
            if (remote.IsGiven(parsed))
            {
                return await RemoteSync.RunAsync(
                    remote.Connect(parsed), parsed.GetValue(network) ?? throw new UsageException("With --gateway name the chain with --network: its name or chain id there."),
                    parsed.GetValue(first), parsed.GetValue(last), parsed.GetValue(anchor) is { } given ? CommonOptions.Block("--anchor", given) : null,
                    parsed.GetValue(peers) ?? [], RemoteSync.CheckTimeout(parsed.GetValue(timeout)), parsed.GetValue(json), cancellationToken);
            }

            if (parsed.GetValue(peers) is not { Length: > 0 }) throw new UsageException("Give --peer MULTIADDR, or --gateway URL to let a running service do it.");
            if (parsed.GetValue(anchor) is not { } anchorText) throw new UsageException("Give --anchor NUMBER:HASH: nothing is believed without one.");
            if (parsed.GetValue(dataDir) is not { } directory) throw new UsageException("Give --data-dir DIR, or --gateway URL to let a running service do it.");
            ChainSpec chain = CommonOptions.Chain(parsed.GetValue(network), parsed.GetValue(rollup));
            SyncPlan plan = MakePlan(
                parsed.GetValue(first), parsed.GetValue(last), CommonOptions.Block("--anchor", anchorText),
                [.. parsed.GetValue(peers)!.Select(p => CommonOptions.Address("--peer", p, needsPeer: true))],
                parsed.GetValue(peerRate), parsed.GetValue(timeout)) with
            {
                LogLevel = parsed.GetValue(verbose) ? LogLevel.Debug : LogLevel.Error,
            };
            await using DataDirectory store = LocalStore.OpenWriter(directory, chain);
            using PeerIdentity identity = IdentityFile.LoadOrCreate(Path.Combine(directory, IdentityFile.DefaultName));
            using ProgressLine progress = new();
            SyncOutcome outcome = await new SyncSession(chain, store, identity, plan).RunAsync(progress.Show, cancellationToken);
            progress.Clear();
            SyncPrinter.Print(chain, plan, outcome, parsed.GetValue(json));
            return outcome.ExitCode;
        });
        return command;
    }

    /// <summary>Checks what the values must fulfil together.</summary>
    public static SyncPlan MakePlan(ulong first, ulong last, BlockId anchor, IReadOnlyList<Multiaddr> peers, double? peerRate, double timeout)
    {
        if (first > last) throw new UsageException($"--first {first} is above --last {last}.");
        if (anchor.Number < last) throw new UsageException($"--anchor {anchor.Number} is below --last {last}: an anchor proves the blocks below it only.");
        if (anchor.Number - last > RangeTarget.AnchorDistanceMax)
        {
            throw new UsageException($"--anchor {anchor.Number} is more than {RangeTarget.AnchorDistanceMax} blocks above --last {last}: raise --last or take a nearer anchor.");
        }

        if (first == 0 && last == ulong.MaxValue || last >= long.MaxValue) throw new UsageException($"--last {last} is beyond every chain.");
        if (peerRate is not (null or (> 0 and <= 1e9))) throw new UsageException($"--peer-rate {peerRate} must be above 0 and at most 1000000000.");
        if (timeout is not (>= 0 and <= 1e8)) throw new UsageException($"--timeout {timeout} must be from 0 to 100000000 seconds.");
        return new SyncPlan
        {
            First = first,
            Last = last,
            Anchor = anchor,
            Addresses = peers,
            Timeout = timeout > 0 ? TimeSpan.FromSeconds(timeout) : null,
            Peers = PeerOptions(peerRate),
        };
    }

    /// <summary>Limits towards peers: what each is found to grant, or exactly this many blocks per second.</summary>
    public static PeerPolicyOptions PeerOptions(double? peerRate)
    {
        PeerPolicyOptions defaults = new();
        return peerRate is not { } rate
            ? defaults
            : defaults with { Rate = rate, LearnsRate = false, Burst = (int)Math.Clamp(rate, defaults.Burst, 100_000), InFlightMax = rate > 50 ? 32 : defaults.InFlightMax };
    }
}
