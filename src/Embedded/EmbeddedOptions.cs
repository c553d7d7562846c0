using System.Reflection;
using OpSync.Embedded.Testing;

namespace OpSync.Embedded;

/// <summary>Settings of the embedded engine that Orleans has no name for.</summary>
public sealed class EmbeddedOptions
{
    /// <summary>
    /// Assemblies with grains. Those they reference are searched too, so messages and converters are found; none given means all
    /// loaded ones. Give the assembly of the grains where no code names one of its types.
    /// </summary>
    public IList<Assembly> Assemblies { get; } = [];

    /// <summary>
    /// Chooses among the types of the assemblies, to leave aside a grain class that a test replaces; null takes all.
    /// </summary>
    public Func<Type, bool>? TypeFilter { get; set; }

    /// <summary>
    /// Grains active at one time; a call that would need more is refused. One costs about 2 kB without its state.
    /// </summary>
    public int ActivationsMax { get; set; } = 1_000_000;

    /// <summary>Name of the silo for people.</summary>
    public string SiloName { get; set; } = "embedded";

    /// <summary>Port in the silo's address. Nothing listens on it.</summary>
    public int SiloPort { get; set; } = 11111;

    /// <summary>Unkindness for tests; null for none.</summary>
    public HostileOptions? Hostile { get; set; }
}
