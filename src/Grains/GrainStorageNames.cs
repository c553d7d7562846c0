namespace OpSync.Grains;

/// <summary>Names of the grain storage providers that the grains ask for.</summary>
public static class GrainStorageNames
{
    /// <summary>The one provider of all grains here.</summary>
    public const string OpSync = "opsync";
}
