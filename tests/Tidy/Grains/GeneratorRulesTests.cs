using OpSync.Tidy.Sources;
using Xunit;

namespace OpSync.Tidy.Grains;

public class GeneratorRulesTests
{
    [Fact]
    public void Sources_break_no_rule_of_the_generator() => Faults.None(SourceTree.CSharp("src").SelectMany(GeneratorRules.Faults));

    [Theory]
    [InlineData("ORLEANS0007", "[OrleansConstructor] public A(int x) { }")]
    [InlineData("ORLEANS0007", "[GeneratedActivatorConstructorAttribute] public A() { }")]
    [InlineData("ORLEANS0014", "await x.ConfigureAwait(false);")]
    [InlineData("ORLEANS0014", "await F(a, (b)) .ConfigureAwait( ConfigureAwaitOptions.SuppressThrowing );")]
    [InlineData("ORLEANS0104", "[GenerateMethodSerializers(typeof(P))] interface I { }")]
    [InlineData("ORLEANS0106", "[GenerateSerializer(GenerateFieldIds = GenerateFieldIds.PublicProperties)] class A { }")]
    [InlineData("ORLEANS0108", "[assembly: GenerateCodeForDeclaringAssembly(typeof(A))]")]
    [InlineData("ORLEANS0111", "[InvokableBaseType(typeof(A), typeof(B), typeof(C))] class D { }")]
    public void Broken_rule_is_found(string rule, string code) =>
        Assert.Contains(GeneratorRules.Faults(new SourceFile("src/Grains/A.cs", code)), fault => fault.Contains(rule, StringComparison.Ordinal));

    [Theory]
    [InlineData("src/Grains/A.cs", "await x.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext); // ConfigureAwait(false)")]
    [InlineData("src/Silo/A.cs", "await x.ConfigureAwait(false);")]
    public void Right_code_passes(string path, string code) => Assert.Empty(GeneratorRules.Faults(new SourceFile(path, code)));
}
