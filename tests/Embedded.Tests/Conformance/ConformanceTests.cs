using System.Reflection;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Embedded.Tests.Conformance;

/// <summary>What the engine shows under Orleans names is what Orleans shows under them.</summary>
public sealed class ConformanceTests
{
    private static readonly string s_engine = typeof(IGrain).Assembly.Location;

    [Fact]
    public void Public_surface_is_a_subset_of_Orleans()
    {
        Comparison comparison = Compare(ApiListing.FromAssembly(s_engine).Types.Values);

        Assert.Empty(comparison.Differences);
        Assert.InRange(comparison.MembersEqual, 200, int.MaxValue);   // it compared something
    }

    [Theory]
    [InlineData("Orleans.IGrainFactory", "interface", null, "void Nothing()", "there is no void Nothing()")]
    [InlineData("Orleans.IGrainFactory", "abstract class", null, "", "is a abstract class, not a interface")]
    [InlineData("Orleans.Runtime.SiloUnavailableException", "sealed class", "System.Exception", "", "derives from System.Exception")]
    [InlineData("Orleans.Runtime.IStartupTask", "interface", null, "System.Threading.Tasks.Task Execute()", "there is no System.Threading.Tasks.Task Execute()")]
    [InlineData("Orleans.Unknown", "class", null, "void Nothing()", "there is no such type")]
    public void Synthetic_difference_is_found(string type, string kind, string? baseType, string member, string difference)
    {
        var wrong = new ApiType(type, kind, baseType, []);
        if (member.Length > 0) wrong.Members.Add(new ApiMember(member, ""));

        Comparison comparison = Compare([wrong]);

        Assert.Contains(difference, Assert.Single(comparison.Differences), StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_constraint_and_extra_interface_are_found()
    {
        var wrong = new ApiType("Orleans.IGrainFactory", "interface", null, ["System.IDisposable"]);
        wrong.Members.Add(new ApiMember(
            "TGrainInterface GetGrain<TGrainInterface>(System.Guid primaryKey, System.String grainClassNamePrefix = default)",
            "TGrainInterface: None, Orleans.IGrainWithStringKey;"));

        Assert.Equal(2, Compare([wrong]).Differences.Count);
    }

    [Fact]
    public void Listing_reads_signatures_of_every_form()
    {
        ApiType listed = ApiListing.FromAssembly(typeof(Specimen<>).Assembly.Location).Types[$"{typeof(Specimen<>).Namespace}.Specimen<T>"];

        Assert.Equal(("abstract class", null), (listed.Kind, listed.BaseType));
        Assert.Equal(["System.IDisposable"], listed.Interfaces);
        Assert.Equal(
            [
                "const System.Int32 Number = 7",
                "protected .ctor()",
                "protected virtual T Inherit(System.Collections.Generic.Dictionary<System.String, T[]> map)",
                "static System.Boolean TryParse(System.String text, out System.Int32 value, ref T item)",
                "System.Int32 Init { get; init; }",
                "System.Int32 ReadOnly { get; }",
                "System.Nullable<System.Int32> Both { get; set; }",
                "U Generic<U>(U value, params System.String[] rest)",
                "void Dispose()",
                "void Optional(System.String text = \"x\", System.Int32 number = 3, System.String none = default)",
            ],
            listed.Members.Select(m => m.Signature).Order(StringComparer.OrdinalIgnoreCase));
        Assert.Equal("U: ReferenceTypeConstraint, System.IComparable;", listed.Members.Single(m => m.Signature.StartsWith('U')).Constraints);
    }

    private static Comparison Compare(IEnumerable<ApiType> types)
    {
        var comparison = new Comparison(
            [Package("Microsoft.Orleans.Core.Abstractions", "Orleans.Core.Abstractions"), Package("Microsoft.Orleans.TestingHost", "Orleans.TestingHost")],
            ApiListing.FromTable(File.ReadLines(RepositoryRoot.Combine("tests", "Vectors", "orleans-api.tsv"))));
        foreach (ApiType type in types.Where(t => !t.Name.StartsWith("OpSync.", StringComparison.Ordinal))) comparison.Check(type);
        return comparison;
    }

    private static ApiListing Package(string id, string assembly) => ApiListing.FromAssembly(Path.Combine(
        Metadata("NuGetPackageRoot"), id.ToLowerInvariant(), Metadata("OrleansVersion"), "lib", "net10.0", $"{assembly}.dll"));

    private static string Metadata(string key) => typeof(ConformanceTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}

/// <summary>One of each form of member, to be listed.</summary>
public abstract class Specimen<T> : IDisposable
{
    public const int Number = 7;

    public int? Both { get; set; }

    public int Init { get; init; }

    public int ReadOnly => Number;

    public static bool TryParse(string text, out int value, ref T item)
    {
        value = text.Length;
        return item is null;
    }

    public U Generic<U>(U value, params string[] rest)
        where U : class, IComparable => value;

    public void Optional(string text = "x", int number = 3, string? none = null)
    {
    }

    public void Dispose() => GC.SuppressFinalize(this);

    protected virtual T? Inherit(Dictionary<string, T[]> map) => default;

    internal void Hidden()
    {
    }
}
