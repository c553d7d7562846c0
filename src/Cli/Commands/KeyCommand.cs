using System.CommandLine;
using OpSync.Libp2p.Identity;

namespace OpSync.Cli.Commands;

/// <summary><c>opsync key new</c>: makes a libp2p identity.</summary>
internal static class KeyCommand
{
    public static Command Create()
    {
        Option<string> target = new("--out") { Description = "File to write; an existing file is never overwritten", HelpName = "FILE", DefaultValueFactory = _ => "opsync.key" };
        Option<string> type = new("--type") { Description = "secp256k1 (as op-node) or ed25519", DefaultValueFactory = _ => "secp256k1" };
        type.AcceptOnlyFromAmong("secp256k1", "ed25519");
        Command create = new("new", "Make an identity and print its peer id.") { target, type };
        create.SetAction(parsed =>
        {
            string path = parsed.GetValue(target)!;
            if (File.Exists(path)) throw new UsageException($"'{path}' exists already; a key is never overwritten.");
            using PeerIdentity identity = PeerIdentity.Create(parsed.GetValue(type) == "ed25519" ? KeyType.Ed25519 : KeyType.Secp256k1);
            identity.Save(path);
            Console.Out.WriteLine(identity.Id.ToString());
            return ExitCode.Done;
        });
        return new Command("key", "Identities of libp2p nodes.") { create };
    }
}
