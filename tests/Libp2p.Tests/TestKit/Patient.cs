using OpSync.Libp2p.Swarms;

namespace OpSync.Libp2p.Tests.TestKit;

/// <summary>Limits that a machine with other work does not reach: a test that is about one sets its own.</summary>
internal static class Patient
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    public static readonly SwarmOptions Swarm = new()
    {
        DialTimeout = s_patience,
        UpgradeTimeout = s_patience,
        NegotiateTimeout = s_patience,
        IdentifyTimeout = s_patience,
        LingerTimeout = s_patience,
        DrainTimeout = s_patience,
    };
}
