using System.Collections.Immutable;
using OpSync.Embedded.Engine;
using OpSync.Embedded.Tests.Kit;
using Orleans.Concurrency;
using Orleans.Configuration;
using Xunit;

namespace OpSync.Embedded.Tests;

/// <summary>What stops a silo at its start. The examples are nested here, out of sight of the other tests.</summary>
public sealed class ContractTests
{
    [Fact]
    public void Good_contracts_pass()
    {
        Assert.Empty(Problems(typeof(IGood), typeof(Shape), typeof(Circle), typeof(ForeignConverter), typeof(ForeignPairConverter<>)));
    }

    [Theory]
    [InlineData(typeof(IPlainType), "IPlainType.M, parameter x: OpSync.Embedded.Tests.ContractTests+Plain has no [GenerateSerializer]")]
    [InlineData(typeof(IForeignType), "Foreign has no [GenerateSerializer] and no [RegisterConverter] converter")]
    [InlineData(typeof(IMutableType), "IMutableType.M, result: OpSync.Embedded.Tests.ContractTests+NotImmutable is not [Immutable]")]
    [InlineData(typeof(IMissingId), "ContractTests+MissingId.Second: has no [Id]")]
    [InlineData(typeof(IFieldWithoutId), "ContractTests+FieldWithoutId._hidden: has no [Id]")]
    [InlineData(typeof(ISameId), "ContractTests+SameId.B: has the same [Id] as A")]
    [InlineData(typeof(INested), "ContractTests+Outer.Inner: OpSync.Embedded.Tests.ContractTests+Plain has no [GenerateSerializer]")]
    [InlineData(typeof(IGenericArgument), "ContractTests+Plain has no [GenerateSerializer]")]
    [InlineData(typeof(IBadBase), "ContractTests+DerivedOfPlain, its base: OpSync.Embedded.Tests.ContractTests+Plain has no")]
    [InlineData(typeof(IArray), "IArray.M, parameter x: System.Byte[] could be changed after it was passed")]
    [InlineData(typeof(IList), "IList.M, result: System.Collections.Generic.List<System.Int32> could be changed")]
    [InlineData(typeof(IMemory), "System.ReadOnlyMemory<System.Byte> could be changed")]
    [InlineData(typeof(IInterfaceType), "System.Collections.Generic.IReadOnlyList<System.Int32> does not tell which type arrives")]
    [InlineData(typeof(IObjectType), "System.Object does not tell which type arrives")]
    [InlineData(typeof(IWrongReturn), "IWrongReturn.M: returns System.Int32")]
    [InlineData(typeof(IStreamReturn), "a grain method returns Task, Task<T>, ValueTask or ValueTask<T>")]
    [InlineData(typeof(IOneWayResult), "IOneWayResult.M: a one-way method has no result")]
    [InlineData(typeof(IProperty), "IProperty.get_P: a grain interface has plain methods only")]
    [InlineData(typeof(IGenericMethod), "IGenericMethod.M: a grain interface has plain methods only")]
    [InlineData(typeof(IByRef), "IByRef.M, parameter x: it cannot be passed by ref")]
    [InlineData(typeof(INoKey), "INoKey: a grain interface has one kind of key; this has 0")]
    [InlineData(typeof(ITwoKeys), "ITwoKeys: a grain interface has one kind of key; this has 2")]
    public void Broken_contract_is_named(Type grainInterface, string problem)
    {
        Assert.Contains(problem, Assert.Single(Problems(grainInterface)), StringComparison.Ordinal);
    }

    [Fact]
    public void Derived_type_in_the_application_is_found()
    {
        string problem = Assert.Single(Problems(typeof(IShapes), typeof(Shape), typeof(Circle), typeof(Square)));

        Assert.Contains("ContractTests+Shape, derived from it: OpSync.Embedded.Tests.ContractTests+Square has no", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Surrogate_is_checked_too()
    {
        string problem = Assert.Single(Problems(typeof(IForeignType), typeof(BadForeignConverter)));

        Assert.Contains("surrogate of OpSync.Embedded.Tests.ContractTests+Foreign: ", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { typeof(TwoConstructors) }, "one public constructor")]
    [InlineData(new[] { typeof(StateOnWrongType) }, "[PersistentState] belongs on an IPersistentState<T>")]
    [InlineData(new[] { typeof(StateWithoutConstructor) }, "has no public constructor without parameters")]
    [InlineData(new[] { typeof(Open<>) }, "a grain class is not generic")]
    [InlineData(new[] { typeof(First), typeof(FirstGrain) }, "both have the grain type 'first'")]
    public void Broken_class_is_named(Type[] classes, string problem)
    {
        Assert.Contains(problem, Assert.Single(Problems(classes)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silo_with_broken_contracts_does_not_start_and_lists_all_of_them()
    {
        Type[] broken = [typeof(IPlainType), typeof(IArray), typeof(INoKey)];

        var e = await Assert.ThrowsAsync<OrleansConfigurationException>(() => Cluster.Build(new Probe())
            .ConfigureSilo(silo => silo.Configure<EmbeddedOptions>(o => o.TypeFilter = broken.Contains)).StartAsync());

        Assert.Contains("problems: 3.", e.Message, StringComparison.Ordinal);
        Assert.All(broken, t => Assert.Contains($"- {t.FullName}", e.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Application_assemblies_are_found_without_being_named()
    {
        List<Type> found = ApplicationTypes.Find([], filter: null);

        Assert.Contains(typeof(PlainGrain), found);
        Assert.DoesNotContain(found, t => t.Assembly == typeof(Grain).Assembly || t.Assembly == typeof(Assert).Assembly);
    }

    private static List<string> Problems(params Type[] types)
    {
        var problems = new List<string>();
        _ = new GrainCatalog(types, new GrainCollectionOptions(), problems);
        return problems;
    }

#pragma warning disable CA1040, CA1044, CA1720 // these examples are odd on purpose
    public interface IGood : IGrainWithStringKey
    {
        Task<Shape> Everything(
            int number, string? text, Guid? id, ImmutableArray<byte> bytes, (int, string) pair, DayOfWeek day, IGood other,
            [Immutable] byte[] promised, Immutable<List<int>> wrapped, Foreign foreign, ForeignPair<int> pairs, CancellationToken token);

        [OneWay]
        ValueTask Nothing();
    }

    public interface IPlainType : IGrainWithStringKey { Task M(Plain x); }

    public interface IForeignType : IGrainWithStringKey { Task M(Foreign x); }

    public interface IMutableType : IGrainWithStringKey { Task<NotImmutable> M(); }

    public interface IMissingId : IGrainWithStringKey { Task M(MissingId x); }

    public interface IFieldWithoutId : IGrainWithStringKey { Task M(FieldWithoutId x); }

    public interface ISameId : IGrainWithStringKey { Task M(SameId x); }

    public interface INested : IGrainWithStringKey { Task M(Outer x); }

    public interface IGenericArgument : IGrainWithStringKey { Task<ImmutableArray<(int, Plain)>> M(); }

    public interface IBadBase : IGrainWithStringKey { Task M(DerivedOfPlain x); }

    public interface IArray : IGrainWithStringKey { Task M(byte[] x); }

    public interface IList : IGrainWithStringKey { Task<List<int>> M(); }

    public interface IMemory : IGrainWithStringKey { Task M(ReadOnlyMemory<byte> x); }

    public interface IInterfaceType : IGrainWithStringKey { Task M([Immutable] IReadOnlyList<int> x); }

    public interface IObjectType : IGrainWithStringKey { Task<object> M(); }

    public interface IWrongReturn : IGrainWithStringKey { int M(); }

    public interface IStreamReturn : IGrainWithStringKey { IAsyncEnumerable<int> M(); }

    public interface IOneWayResult : IGrainWithStringKey { [OneWay] Task<int> M(); }

    public interface IProperty : IGrainWithStringKey { Task P { get; } }

    public interface IGenericMethod : IGrainWithStringKey { Task M<T>(); }

    public interface IByRef : IGrainWithStringKey { Task M(ref int x); }

    public interface INoKey : IGrain { Task M(); }

    public interface ITwoKeys : IGrainWithStringKey, IGrainWithGuidKey { Task M(); }

    public interface IShapes : IGrainWithStringKey { Task M(Shape x); }

    public record Plain;

    [GenerateSerializer, Immutable]
    public abstract record Shape([property: Id(0)] string Name)
    {
        public int Computed => Name.Length;
    }

    [GenerateSerializer, Immutable]
    public sealed record Circle(string Name, [property: Id(0)] double Radius, [property: Id(1)] int[] Points) : Shape(Name);

    public sealed record Square(string Name) : Shape(Name);

    [GenerateSerializer]
    public sealed record NotImmutable([property: Id(0)] int Number);

    [GenerateSerializer, Immutable]
    public sealed record MissingId([property: Id(0)] int First, int Second);

    [GenerateSerializer, Immutable]
    public sealed class FieldWithoutId
    {
        [NonSerialized]
        private readonly int _skipped = 1;
        private readonly int _hidden = 2;

        public int Sum => _skipped + _hidden;
    }

    [GenerateSerializer, Immutable]
    public sealed record SameId([property: Id(3)] int A, [property: Id(3)] int B);

    [GenerateSerializer, Immutable]
    public sealed record Outer([property: Id(0)] Plain Inner);

    [GenerateSerializer, Immutable]
    public sealed record DerivedOfPlain([property: Id(0)] int Number) : Plain;

    /// <summary>As from an assembly that knows nothing of grains.</summary>
    public sealed record Foreign(int Number);

    public sealed record ForeignPair<T>(T Left, T Right);

    [GenerateSerializer]
    public struct ForeignSurrogate
    {
        [Id(0)]
        public int Number;
    }

    [GenerateSerializer]
    public struct ForeignPairSurrogate<T>
    {
        [Id(0)]
        public T Left;

        [Id(1)]
        public T Right;
    }

    public struct BadSurrogate
    {
        public int Number;
    }

    [RegisterConverter]
    public sealed class ForeignConverter : IConverter<Foreign, ForeignSurrogate>
    {
        public Foreign ConvertFromSurrogate(in ForeignSurrogate surrogate) => new(surrogate.Number);

        public ForeignSurrogate ConvertToSurrogate(in Foreign value) => new() { Number = value.Number };
    }

    [RegisterConverter]
    public sealed class ForeignPairConverter<T> : IConverter<ForeignPair<T>, ForeignPairSurrogate<T>>
    {
        public ForeignPair<T> ConvertFromSurrogate(in ForeignPairSurrogate<T> surrogate) => new(surrogate.Left, surrogate.Right);

        public ForeignPairSurrogate<T> ConvertToSurrogate(in ForeignPair<T> value) => new() { Left = value.Left, Right = value.Right };
    }

    [RegisterConverter]
    public sealed class BadForeignConverter : IConverter<Foreign, BadSurrogate>
    {
        public Foreign ConvertFromSurrogate(in BadSurrogate surrogate) => new(surrogate.Number);

        public BadSurrogate ConvertToSurrogate(in Foreign value) => new() { Number = value.Number };
    }

    internal sealed class TwoConstructors : Grain
    {
        public TwoConstructors()
        {
        }

        public TwoConstructors(Probe probe) => probe.Tell("");
    }

    internal sealed class StateOnWrongType([PersistentState("x")] Ledger ledger) : Grain
    {
        public Ledger Ledger => ledger;
    }

    internal sealed class StateWithoutConstructor([PersistentState("x")] IPersistentState<Foreign> state) : Grain
    {
        public Foreign State => state.State;
    }

    internal sealed class Open<T> : Grain
    {
        public T? Value { get; set; }
    }

    internal sealed class First : Grain;

    internal sealed class FirstGrain : Grain;
#pragma warning restore CA1040, CA1044, CA1720
}
