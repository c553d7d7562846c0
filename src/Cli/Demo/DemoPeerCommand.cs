using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using OpSync.Cli.Commands;
using OpSync.Cli.Local;
using OpSync.Codec.OpStack;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Chains;
using OpSync.Silo.Serving;
using OpSync.Storage;

namespace OpSync.Cli.Demo;

/// <summary><c>opsync demo-peer</c>: one serving peer of the demo. Ends with its stdin, that is, with the demo.</summary>
internal static class DemoPeerCommand
{
    public static Command Create()
    {
        Option<string> rollup = new("--rollup") { Required = true };
        Option<string> dataDir = CommonOptions.DataDir();
        Option<DemoRole> role = new("--role");
        Command command = new("demo-peer", "One serving peer of the demo.") { rollup, dataDir, role };
        command.Hidden = true;
        command.SetAction(async (parsed, cancellationToken) =>
        {
            ChainSpec chain = CommonOptions.Chain(null, parsed.GetValue(rollup));
            await using DataDirectory store = LocalStore.OpenReader(parsed.GetValue(dataDir)!, chain);
            using PeerIdentity identity = PeerIdentity.Create(KeyType.Secp256k1);
            ChainRegistry chains = new([new ServedChain(chain, new DemoStore(store.Blocks, parsed.GetValue(role), chain))]);
            ServeOptions generous = new() { PeerRate = 1e6, PeerBurst = 1_000_000, TotalRate = 1e6, TotalBurst = 1_000_000 };
            Multiaddr.TryParse("/ip4/127.0.0.1/tcp/0", out Multiaddr? listen);
            await using ServeNode node = await ServeNode.StartAsync(
                chains, identity, [listen!], generous, new SwarmOptions(), TimeProvider.System, NullLogger.Instance, cancellationToken);
            await Console.Out.WriteLineAsync(node.Addresses[0].ToString());
            await Console.Out.FlushAsync(CancellationToken.None);

            // The demo holds the other end of stdin: when it is gone, however it ended, so is this process.
            await ((Task)Console.In.ReadToEndAsync(cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return ExitCode.Done;
        });
        return command;
    }
}
