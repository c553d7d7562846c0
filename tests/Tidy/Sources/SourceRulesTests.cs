using Xunit;

namespace OpSync.Tidy.Sources;

public class SourceRulesTests
{
    [Fact]
    public void Shared_projects_have_no_conditional_code() => Holds(SourceRules.EngineConditions, SourceTree.CSharp("src"));

    [Fact]
    public void Namespaces_follow_folders() =>
        Holds(SourceRules.Namespaces, SourceTree.CSharp("src").Concat(SourceTree.CSharp("tests")));

    [Fact]
    public void Public_types_have_files_of_their_own() => Holds(SourceRules.PublicTypes, SourceTree.CSharp("src"));

    [Fact]
    public void Source_files_stay_short() => Holds(SourceRules.Length, SourceTree.CSharp("src"));

    [Fact]
    public void Source_has_no_left_overs() => Holds(SourceRules.LeftOvers, SourceTree.CSharp("src"));

    [Fact]
    public void Sync_is_pure() => Holds(SourceRules.Impurities, SourceTree.CSharp("src/Sync"));

    [Fact]
    public void Lines_end_in_line_feeds() => Holds(SourceRules.LineEnds, SourceTree.All);

    [Fact]
    public void Nothing_names_paths_of_one_machine() => Holds(SourceRules.LocalPaths, SourceTree.All.Where(f => f.Parts[^1] != Self));

    private const string Self = nameof(SourceRulesTests) + ".cs";

    [Theory]
    [InlineData("src/Grains/A.cs", "#if ORLEANS\n#endif\n", true)]
    [InlineData("src/Codec/A.cs", "  #elif X\n", true)]
    [InlineData("src/Codec/A.cs", "// #if\n/*\n#if X\n*/ var a = \"#if\";\n", false)]
    [InlineData("src/Silo/A.cs", "#if ORLEANS\n", false)]
    public void Conditional_code_is_found(string path, string text, bool found) =>
        Finds(SourceRules.EngineConditions, path, text, found);

    [Theory]
    [InlineData("src/Codec/Ssz/A.cs", "namespace OpSync.Codec.Ssz;\npublic class A;\n", false)]
    [InlineData("src/Codec/A.cs", "namespace OpSync.Codec;\npublic class A;\n", false)]
    [InlineData("src/Codec/Ssz/A.cs", "namespace OpSync.Codec;\npublic class A;\n", true)]
    [InlineData("src/Codec/Ssz/A.cs", "public class A;\n", true)]
    [InlineData("src/Codec/Ssz/A.cs", "namespace OpSync.Codec.Ssz\n{\npublic class A;\n}\n", false)]
    [InlineData("tests/Codec.Tests/Ssz/A.cs", "namespace OpSync.Codec.Tests.Ssz;\n", false)]
    [InlineData("src/Cli/Program.cs", "return await Main();\n", false)]
    [InlineData("src/Embedded/Core/A.cs", "namespace Orleans.Runtime;\nclass A;\n", false)]
    [InlineData("src/Embedded/Core/A.cs", "namespace OrleansLike;\nclass A;\n", true)]
    [InlineData("src/Silo/Core/A.cs", "namespace Orleans.Runtime;\nclass A;\n", true)]
    public void Namespace_of_another_folder_is_found(string path, string text, bool found) =>
        Finds(SourceRules.Namespaces, path, text, found);

    [Theory]
    [InlineData("public class A { public class B { public enum C { } } }\nfile class D { }\ninternal class E { }", false)]
    [InlineData("public class B { }", true)]
    [InlineData("public sealed class A<T>;\npublic readonly record struct B(int X);", false)]
    [InlineData("public interface A;\npublic class B\n{\n", true, 31)]
    [InlineData("public interface A;\npublic class B\n{\n", false, 20)]
    [InlineData("internal class B { }", false)]
    [InlineData("/// <summary>a public class B</summary>\npublic enum A { X = 1 }", false)]
    [InlineData("public delegate Task<int> B(int x);", true)]
    public void Public_type_in_the_file_of_another_is_found(string text, bool found, int lines = 0) =>
        Finds(SourceRules.PublicTypes, "src/X/A.cs", "namespace X;\n" + text + new string('\n', lines) + (lines > 0 ? "}" : ""), found);

    [Theory]
    [InlineData(500, false)]
    [InlineData(501, true)]
    public void Long_file_is_found(int lines, bool found) => Finds(SourceRules.Length, "src/A.cs", new string('\n', lines), found);

    [Theory]
    [InlineData("// TODO later", true)]
    [InlineData("throw new NotImplementedException();", true)]
    [InlineData("// FIXME", true)]
    [InlineData("var TODOS = 1; // not a todo, no hacks", false)]
    public void Left_over_is_found(string text, bool found) => Finds(SourceRules.LeftOvers, "src/A.cs", text, found);

    [Theory]
    [InlineData("DateTime now;", true)]
    [InlineData("await Task.Delay(1);", true)]
    [InlineData("new Thread(x)", true)]
    [InlineData("private readonly ILogger<A> _log;", true)]
    [InlineData("using System.Net.Sockets;", true)]
    [InlineData("Task F();", true)]
    [InlineData("Task F();", false, "Ports/A.cs")]
    [InlineData("TimeProvider time;", true)]
    [InlineData("TimeProvider time;", false, "Peers/TokenBucketRateLimiter.cs")]
    [InlineData("using System.Threading;\nvoid Step(DateTimeOffset now) { } // no Task.Delay, no Thread", false)]
    public void Impure_code_is_found(string text, bool found, string file = "Ranges/A.cs") =>
        Finds(SourceRules.Impurities, "src/Sync/" + file, text, found);

    [Theory]
    [InlineData("a\r\n", true)]
    [InlineData("a\n", false)]
    public void Carriage_return_is_found(string text, bool found) => Finds(SourceRules.LineEnds, "a.md", text, found);

    [Theory]
    [InlineData("see /home/jane/x", true)]
    [InlineData("(/root/.nuget)", true)]
    [InlineData("C:\\Users\\jane", true)]
    [InlineData("https://example.org/home/x and src/work/x and $HOME/work/x", false)]
    public void Local_path_is_found(string text, bool found) => Finds(SourceRules.LocalPaths, "a.md", text, found);

    [Theory]
    [InlineData("a // b\nc", "a     \nc")]
    [InlineData("a /* b\n */ c", "a     \n    c")]
    [InlineData("x = \"a // \\\" b\"; y", "x = \"         \"; y")]
    [InlineData("x = @\"a\"\"b\\\"; y", "x = @\"     \"; y")]
    [InlineData("x = '\"'; y = '\\''; z", "x = ' '; y = '  '; z")]
    [InlineData("x = $\"{a}\"; y", "x = $\"   \"; y")]
    [InlineData("a / b /* open", "a / b        ")]
    public void Comments_and_literals_are_blanked(string text, string code) => Assert.Equal(code, CodeText.Strip(text));

    [Fact]
    public void Raw_literals_are_blanked()
    {
        string quotes = new('"', 3);
        string code = CodeText.Strip($"x = {quotes}\n a \"quoted\" // b\n{quotes}; y // z");
        Assert.DoesNotContain("quoted", code, StringComparison.Ordinal);
        Assert.Contains("; y ", code, StringComparison.Ordinal);
        Assert.DoesNotContain("z", code, StringComparison.Ordinal);
    }

    private static void Holds(Func<SourceFile, IEnumerable<string>> rule, IEnumerable<SourceFile> files)
    {
        SourceFile[] checkedFiles = [.. files];
        Assert.NotEmpty(checkedFiles);
        Faults.None(checkedFiles.SelectMany(rule));
    }

    private static void Finds(Func<SourceFile, IEnumerable<string>> rule, string path, string text, bool found) =>
        Assert.Equal(found, rule(new SourceFile(path, text)).Any());
}
