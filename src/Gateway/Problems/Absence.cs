using System.Data.Common;

namespace OpSync.Gateway.Problems;

/// <summary>What a call to the grains fails with while a silo or a store is away: the same call may succeed in a moment.</summary>
internal static class Absence
{
    /// <summary>True for timeouts, the engine's own exceptions, and those of disks and databases.</summary>
    public static bool Is(Exception e) => e is TimeoutException or OrleansException or IOException or DbException;
}
