using Orleans.Placement;

namespace Orleans.Concurrency;

/// <summary>
/// Grains of the class may have several activations, which share the calls; a caller cannot choose between them.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class StatelessWorkerAttribute : PlacementAttribute
{
    /// <summary>As many activations of one grain as the machine has processors.</summary>
    public StatelessWorkerAttribute()
        : this(0)
    {
    }

    /// <summary>As many activations of one grain as given.</summary>
    /// <param name="maxLocalWorkers">The limit; zero or less means the number of processors.</param>
    public StatelessWorkerAttribute(int maxLocalWorkers) =>
        WorkersMax = maxLocalWorkers > 0 ? maxLocalWorkers : Environment.ProcessorCount;

    internal int WorkersMax { get; }
}
