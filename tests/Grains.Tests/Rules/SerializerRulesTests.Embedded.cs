using System.Reflection;
using OpSync.Contracts.State;
using Orleans.Concurrency;
using Xunit;

namespace OpSync.Grains.Tests.Rules;

/// <summary>No type of the application breaks a rule of Orleans' analyzers, and a type that breaks one is found. Those are nested here,
/// out of sight of the other tests.</summary>
public sealed class SerializerRulesTests
{
    [Fact]
    public void Application_breaks_no_rule_of_the_analyzers()
    {
        Type[] types = [.. Application];
        Assert.True(types.Count(SerializerRules.IsSerialized) > 30 && types.Count(SerializerRules.IsGrainInterface) >= 5, "The types were not found.");
        Assert.Equal([], SerializerRules.Faults(types));
    }

    [Theory]
    [InlineData("ORLEANS0001", typeof(InterleavesItselfGrain))]
    [InlineData("ORLEANS0002", typeof(IByRef))]
    [InlineData("ORLEANS0004", typeof(WithoutId))]
    [InlineData("ORLEANS0004", typeof(FieldWithoutId))]
    [InlineData("ORLEANS0006", typeof(AbstractMember))]
    [InlineData("ORLEANS0006", typeof(StaticMember))]
    [InlineData("ORLEANS0008", typeof(IWithProperty))]
    [InlineData("ORLEANS0009", typeof(IReturnsInt))]
    [InlineData("ORLEANS0011", typeof(ISameAlias))]
    [InlineData("ORLEANS0011", typeof(Aliased), typeof(AliasedToo))]
    [InlineData("ORLEANS0012", typeof(SameId))]
    [InlineData("ORLEANS0013", typeof(AliasedGrain))]
    [InlineData("ORLEANS0013", typeof(SerializedGrain))]
    [InlineData("ORLEANS0101", typeof(WithoutSetter))]
    [InlineData("ORLEANS0101", typeof(WithPrivateSetter))]
    [InlineData("ORLEANS0102", typeof(IReturnsInt))]
    [InlineData("ORLEANS0105", typeof(IWithProperty))]
    [InlineData("ORLEANS0107", typeof(Hidden))]
    [InlineData("ORLEANS0109", typeof(ITwoTokens))]
    public void Broken_rule_is_found(string rule, params Type[] types) =>
        Assert.Contains(SerializerRules.Faults(types), fault => fault.StartsWith(rule, StringComparison.Ordinal));

    [Fact]
    public void Serialized_type_of_a_reference_assembly_is_found()
    {
        System.Reflection.Emit.AssemblyBuilder assembly = System.Reflection.Emit.AssemblyBuilder.DefineDynamicAssembly(
            new AssemblyName("reference"), System.Reflection.Emit.AssemblyBuilderAccess.Run);
        assembly.SetCustomAttribute(Attribute<System.Runtime.CompilerServices.ReferenceAssemblyAttribute>());
        System.Reflection.Emit.TypeBuilder type = assembly.DefineDynamicModule("reference").DefineType("Message", TypeAttributes.Public);
        type.SetCustomAttribute(Attribute<GenerateSerializerAttribute>());

        Assert.StartsWith("ORLEANS0110", Assert.Single(SerializerRules.Faults([type.CreateType()])), StringComparison.Ordinal);

        static System.Reflection.Emit.CustomAttributeBuilder Attribute<T>() => new(typeof(T).GetConstructor([])!, []);
    }

    [Fact]
    public void Right_types_pass() => Assert.Empty(SerializerRules.Faults([typeof(IRight), typeof(RightGrain), typeof(Right), typeof(RightRecord)]));

    /// <summary>All types of the assemblies whose types cross grain boundaries.</summary>
    internal static IEnumerable<Type> Application => typeof(StateBlob).Assembly.GetTypes().Concat(typeof(GrainStorageNames).Assembly.GetTypes());

    private interface IByRef : IGrainWithStringKey
    {
        Task M(ref int x);
    }

    private interface IWithProperty : IGrainWithStringKey
    {
        Task P { get; }
    }

    private interface IReturnsInt : IGrainWithStringKey
    {
        int M();
    }

    private interface ITwoTokens : IGrainWithStringKey
    {
        Task M(CancellationToken a, CancellationToken b);
    }

    private interface ISameAlias : IGrainWithStringKey
    {
        [Alias("m")]
        Task M();

        [Alias("m")]
        Task N();
    }

    [Alias("right")]
    private interface IRight : IGrainWithStringKey
    {
        [Alias("m"), AlwaysInterleave]
        Task<Right> M(Right x, CancellationToken token);
    }

    private sealed class RightGrain : Grain, IRight
    {
        public Task<Right> M(Right x, CancellationToken token) => Task.FromResult(x);
    }

    private sealed class InterleavesItselfGrain : Grain, IRight
    {
        [AlwaysInterleave]
        public Task<Right> M(Right x, CancellationToken token) => Task.FromResult(x);
    }

    [Alias("aliased")]
    private sealed class AliasedGrain : Grain;

    [GenerateSerializer]
    private sealed class SerializedGrain : Grain;

    [GenerateSerializer, Alias("right-message")]
    internal sealed class Right
    {
        [Id(0)]
        public int A { get; init; }

        [NonSerialized]
        internal int Cached = 1;

        public int Twice => A * 2;
    }

    [GenerateSerializer, Alias("right-record")]
    internal sealed record RightRecord([property: Id(0)] int A, [property: Id(1)] string B);

    [GenerateSerializer]
    internal sealed record WithoutId([property: Id(0)] int A, int B);

    [GenerateSerializer]
    internal sealed class FieldWithoutId
    {
        internal int Hidden = 1;
    }

    [GenerateSerializer]
    internal abstract class AbstractMember
    {
        [Id(0)]
        public abstract int A { get; set; }
    }

    [GenerateSerializer]
    internal sealed class StaticMember
    {
        [Id(0)]
        public static int A { get; set; }
    }

    [GenerateSerializer, Alias("same")]
    internal sealed class Aliased;

    [GenerateSerializer, Alias("same")]
    internal sealed class AliasedToo;

    [GenerateSerializer]
    internal sealed record SameId([property: Id(0)] int A, [property: Id(0)] int B);

    [GenerateSerializer]
    internal sealed class WithoutSetter
    {
        [Id(0)]
        public int A { get; }
    }

    [GenerateSerializer]
    internal sealed class WithPrivateSetter
    {
        [Id(0)]
        public int A { get; private set; }
    }

    [GenerateSerializer]
    private sealed class Hidden;
}
