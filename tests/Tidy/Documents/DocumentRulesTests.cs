using OpSync.TestKit;
using OpSync.Tidy.Sources;
using Xunit;

namespace OpSync.Tidy.Documents;

public class DocumentRulesTests
{
    [Fact]
    public void Relative_links_lead_somewhere() =>
        Faults.None(SourceTree.All
            .Where(f => f.Path.EndsWith(".md", StringComparison.Ordinal))
            .SelectMany(f => DocumentRules.BrokenLinks(f, path => Path.Exists(RepositoryRoot.Combine(path)))));

    [Fact]
    public void Decision_records_are_numbered() =>
        Faults.None(DocumentRules.MisnumberedDecisions(SourceTree.Below("docs/adr", ".md").Select(f => f.Parts[^1])));

    [Theory]
    [InlineData("[a](b.md)", true)]
    [InlineData("[a](b.md#part) and [c](#here) and ![i](../img/x.png \"title\")", true)]
    [InlineData("[a](https://example.org/x) [m](mailto:x@example.org)", true)]
    [InlineData("[a](missing.md)", false)]
    [InlineData("[a](b.md) [c](../missing.md#part)", false)]
    [InlineData("`[a](missing.md)`\n\n```md\n[a](missing.md)\n```\n", true)]
    [InlineData("```md\n[a](missing.md)\n```\n[a](missing.md)", false)]
    public void Broken_link_is_found(string text, bool whole) =>
        Assert.Equal(whole, !DocumentRules.BrokenLinks(new SourceFile("docs/a.md", text), p => p is "docs/b.md" or "img/x.png").Any());

    [Theory]
    [InlineData("0001-one.md 0002-two-engines.md README.md", true)]
    [InlineData("", true)]
    [InlineData("0001-one.md 0003-three.md", false)]
    [InlineData("0001-one.md 0001-other.md", false)]
    [InlineData("one.md", false)]
    [InlineData("0001-One.md", false)]
    public void Number_out_of_the_series_is_found(string names, bool whole) =>
        Assert.Equal(whole, !DocumentRules.MisnumberedDecisions(names.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Any());
}
