using OpSync.TestKit;

namespace OpSync.Cluster.Kit;

// Three silos and a gateway, which find each other in the database.
internal sealed partial class Deployment
{
    public const string Engine = "Orleans";

    /// <summary>Blocks of the short form: the others go on while a silo is away, so there must be work left when the next fault comes.</summary>
    public const int BlocksShort = 4_000;

    private const int SiloCount = 3;

    /// <summary>Time that a peer takes for an answer.</summary>
    private static readonly TimeSpan PeerLatency = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a silo is frozen: longer than the others take to give it up.</summary>
    public static readonly TimeSpan FreezeTime = TimeSpan.FromSeconds(12);

    private void AddMembers(string[] common)
    {
        string[] cluster = [.. common, "--cluster-fast-failover", "true", "--cluster-address", "127.0.0.1"];
        for (int i = 0; i < SiloCount; i++)
        {
            _silos.Add(new Member(
            [
                "silo", .. cluster, "--data-dir", _temp[$"silo-{i}"], "--cluster-silo-name", $"silo-{i}", "--cluster-silo-port", $"{FreePort.Find()}",
                "--cluster-gateway-port", $"{FreePort.Find()}", "--health-listen", $"127.0.0.1:{FreePort.Find()}",
            ]));
        }

        _gateways.Add(new Member(["gateway", .. cluster, "--http-listen", $"127.0.0.1:{HttpPort}"]));
    }
}
