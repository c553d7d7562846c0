namespace OpSync.Cli.Demo;

/// <summary>What a serving peer of the demo does.</summary>
internal enum DemoRole
{
    /// <summary>Serves what it has.</summary>
    Honest,

    /// <summary>Serves what it has, each block a quarter of a second late.</summary>
    Slow,

    /// <summary>Serves well-formed blocks that hash to what they say and belong to another chain.</summary>
    Lying,
}
