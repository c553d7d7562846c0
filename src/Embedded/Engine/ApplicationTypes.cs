using System.Reflection;

namespace OpSync.Embedded.Engine;

/// <summary>Finds the types of the application: those of assemblies that reference this one.</summary>
internal static class ApplicationTypes
{
    /// <summary>The types that pass the filter, of all application assemblies that can be reached by references.</summary>
    /// <param name="assemblies">Where to start; loaded assemblies if none is given.</param>
    /// <param name="filter">Chooses among the types; null takes all.</param>
    /// <remarks>
    /// A compiler drops references that no code uses, so an assembly of grains that nothing names has to be given.
    /// </remarks>
    public static List<Type> Find(IEnumerable<Assembly> assemblies, Func<Type, bool>? filter)
    {
        string self = typeof(ApplicationTypes).Assembly.GetName().Name!;
        var known = new HashSet<string>(StringComparer.Ordinal) { self };
        var open = new Queue<Assembly>(assemblies);
        if (open.Count == 0) open = new Queue<Assembly>(AppDomain.CurrentDomain.GetAssemblies().Where(a => !a.IsDynamic));
        var types = new List<Type>();
        while (open.TryDequeue(out Assembly? assembly))
        {
            string name = assembly.GetName().Name!;
            if (IsPlatform(name) || !known.Add(name)) continue;
            AssemblyName[] references = assembly.GetReferencedAssemblies();
            if (references.Any(r => r.Name == self)) types.AddRange(assembly.GetTypes().Where(t => filter?.Invoke(t) ?? true));
            foreach (AssemblyName reference in references)
            {
                if (!known.Contains(reference.Name!) && !IsPlatform(reference.Name!) && TryLoad(reference) is { } loaded) open.Enqueue(loaded);
            }
        }

        return types;
    }

    /// <summary>Names that cannot be an application's: skipping them saves loading most of what a process could load.</summary>
    private static bool IsPlatform(string name) =>
        name is "mscorlib" or "netstandard" or "System" or "WindowsBase" || name.StartsWith("System.", StringComparison.Ordinal)
        || name.StartsWith("Microsoft.", StringComparison.Ordinal);

    private static Assembly? TryLoad(AssemblyName name)
    {
        try
        {
            return Assembly.Load(name);
        }
        catch (FileNotFoundException)
        {
            return null;   // needed to compile and not deployed, so none of its types is in use
        }
    }
}
