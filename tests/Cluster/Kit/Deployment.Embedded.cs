namespace OpSync.Cluster.Kit;

// One process is silo and gateway at once.
internal sealed partial class Deployment
{
    public const string Engine = "Embedded";

    /// <summary>Blocks of the short form.</summary>
    public const int BlocksShort = 1_500;

    /// <summary>Time that a peer takes for an answer.</summary>
    private static readonly TimeSpan PeerLatency = TimeSpan.FromMilliseconds(320);

    /// <summary>How long a silo is frozen: as long as a busy machine may be.</summary>
    public static readonly TimeSpan FreezeTime = TimeSpan.FromSeconds(1);

    private void AddMembers(string[] common) =>
        _silos.Add(new Member(["up", .. common, "--data-dir", _temp["data"], "--http-listen", $"127.0.0.1:{HttpPort}"]));
}
