namespace Orleans.Configuration;

/// <summary>When activations end that nobody uses, and how long an activation may take to begin and to end.</summary>
public class GrainCollectionOptions
{
    /// <summary>Time between looks for idle activations.</summary>
    public TimeSpan CollectionQuantum { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Idle time after which an activation ends.</summary>
    public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Other idle times by full name of the grain class.</summary>
    public Dictionary<string, TimeSpan> ClassSpecificCollectionAge { get; set; } = [];

    /// <summary>Time for reading state and for <see cref="IGrainBase.OnActivateAsync"/>, each.</summary>
    public TimeSpan ActivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Time for <see cref="IGrainBase.OnDeactivateAsync"/>.</summary>
    public TimeSpan DeactivationTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
