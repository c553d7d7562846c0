using OpSync.Sync.Access;

namespace OpSync.Grains.State;

/// <summary>What the grain of the whole cluster persists.</summary>
internal sealed class ClusterDocument
{
    /// <summary>Schema version.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Version of the book.</summary>
    public long Version { get; set; }

    public List<Exclusion> KeptOut { get; set; } = [];
}
