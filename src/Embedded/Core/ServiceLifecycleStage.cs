namespace Orleans;

/// <summary>Stages of a silo's start.</summary>
public static class ServiceLifecycleStage
{
    /// <summary>Application services start.</summary>
    public const int ApplicationServices = 10000;

    /// <summary>The silo is up.</summary>
    public const int Active = 20000;
}
