using System.Reflection;

namespace OpSync.Embedded.Engine;

/// <summary>Finds the types of the application: those of assemblies that reference this one.</summary>
internal static class ApplicationTypes
{
    /// <summary>The types that pass the filter, of the given assemblies; of all application assemblies if none is given.</summary>
    public static List<Type> Find(IEnumerable<Assembly> assemblies, Func<Type, bool>? filter)
    {
        Assembly[] given = [.. assemblies.Distinct()];
        return [.. (given.Length > 0 ? given : Discover()).SelectMany(a => a.GetTypes()).Where(t => filter?.Invoke(t) ?? true)];
    }

    /// <summary>
    /// Loaded assemblies and, by way of references, those that are not loaded yet. A compiler drops references that no
    /// code uses, so an assembly of grains that nothing names has to be given in the options.
    /// </summary>
    private static Assembly[] Discover()
    {
        string self = typeof(ApplicationTypes).Assembly.GetName().Name!;
        var known = new Dictionary<string, Assembly>(StringComparer.Ordinal);
        var open = new Queue<Assembly>(AppDomain.CurrentDomain.GetAssemblies().Where(a => !a.IsDynamic));
        var application = new List<Assembly>();
        while (open.TryDequeue(out Assembly? assembly))
        {
            if (!known.TryAdd(assembly.GetName().Name!, assembly)) continue;
            AssemblyName[] references = assembly.GetReferencedAssemblies();
            if (references.Any(r => r.Name == self)) application.Add(assembly);
            foreach (AssemblyName reference in references)
            {
                if (!known.ContainsKey(reference.Name!) && !IsPlatform(reference.Name!)) open.Enqueue(Assembly.Load(reference));
            }
        }

        return [.. application];
    }

    private static bool IsPlatform(string name) =>
        name is "mscorlib" or "netstandard" or "WindowsBase" || name.StartsWith("System", StringComparison.Ordinal)
        || name.StartsWith("Microsoft.", StringComparison.Ordinal);
}
