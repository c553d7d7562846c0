using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace OpSync.Storage.Postgres;

/// <summary>One step of the schema: a file below <c>Migrations</c>, never edited once it was released.</summary>
/// <param name="Number">1 for the first.</param>
/// <param name="Name">Its file's name without the extension.</param>
/// <param name="Sql">What to run.</param>
public sealed record PostgresMigration(int Number, string Name, string Sql)
{
    private static readonly Lazy<IReadOnlyList<PostgresMigration>> Known = new(Load);

    /// <summary>All migrations of this version, in their order.</summary>
    public static IReadOnlyList<PostgresMigration> All => Known.Value;

    /// <summary>SHA-256 of the text, which tells whether an applied migration is still the same one.</summary>
    public byte[] Checksum => SHA256.HashData(Encoding.UTF8.GetBytes(Sql));

    private static List<PostgresMigration> Load()
    {
        const string prefix = "migration/";
        Assembly assembly = typeof(PostgresMigration).Assembly;
        List<PostgresMigration> found = [];
        foreach (string resource in assembly.GetManifestResourceNames().Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using StreamReader reader = new(assembly.GetManifestResourceStream(resource)!);
            found.Add(new PostgresMigration(found.Count + 1, resource[prefix.Length..], reader.ReadToEnd().ReplaceLineEndings("\n")));
        }
        return found;
    }
}
