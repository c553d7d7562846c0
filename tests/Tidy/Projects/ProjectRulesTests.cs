using OpSync.Tidy.Sources;
using Xunit;

namespace OpSync.Tidy.Projects;

public class ProjectRulesTests
{
    [Fact]
    public void Projects_refer_only_where_the_map_has_an_arrow()
    {
        SourceFile[] projects = [.. SourceTree.Below("src", ".csproj")];
        Assert.Equal(10, projects.Length);
        Faults.None(projects.SelectMany(ProjectRules.ForbiddenArrows));
    }

    [Fact]
    public void Solution_lists_every_project()
    {
        SourceFile solution = Assert.Single(SourceTree.All, f => f.Path == "OpSync.Orleans.sln");
        string[] projects =
            [.. new[] { "src", "tests", "bench" }.SelectMany(folder => SourceTree.Below(folder, ".csproj")).Select(f => f.Path)];
        Assert.NotEmpty(projects);
        Faults.None(ProjectRules.SolutionGaps(solution.Text, projects));
    }

    [Theory]
    [InlineData("Codec", "", true)]
    [InlineData("Codec", "<ProjectReference Include=\"../Sync/OpSync.Sync.csproj\" />", false)]
    [InlineData("Codec", "<PackageReference Include=\"Npgsql\" />", false)]
    [InlineData("Sync", "<ProjectReference Include=\"..\\Codec\\OpSync.Codec.csproj\" />", true)]
    [InlineData("Sync", "<PackageReference Include=\"Microsoft.Extensions.Logging.Abstractions\" />", false)]
    [InlineData("Sync", "<PackageReference Include=\"System.Threading.RateLimiting\" />", true)]
    [InlineData("Sync", "<UsesEngine>true</UsesEngine>", false)]
    [InlineData("Contracts", "<UsesEngine>true</UsesEngine>", true)]
    [InlineData("Contracts", "<ProjectReference Include=\"../Embedded/OpSync.Embedded.csproj\" />", false)]
    [InlineData("Grains", "<ProjectReference Include=\"../Storage/OpSync.Storage.csproj\" />", false)]
    [InlineData("Gateway", "<ProjectReference Include=\"../Sync/OpSync.Sync.csproj\" />", false)]
    [InlineData("Silo", "<ProjectReference Include=\"../Gateway/OpSync.Gateway.csproj\" />", false)]
    [InlineData("Silo", "<ProjectReference Include=\"../../tests/TestKit/OpSync.TestKit.csproj\" />", false)]
    [InlineData("Common", "", false)]
    public void Arrow_that_the_map_does_not_have_is_found(string project, string content, bool allowed)
    {
        SourceFile file = new($"src/{project}/OpSync.{project}.csproj", $"<Project><ItemGroup>{content}</ItemGroup></Project>");
        Assert.Equal(allowed, !ProjectRules.ForbiddenArrows(file).Any());
    }

    [Fact]
    public void Gap_of_the_solution_is_found()
    {
        const string Solution = "Project(\"{X}\") = \"A\", \"src\\A\\A.csproj\", \"{Y}\"\nProject(\"{X}\") = \"src\", \"src\", \"{Z}\"\n";
        Assert.Empty(ProjectRules.SolutionGaps(Solution, ["src/A/A.csproj"]));
        Assert.Single(ProjectRules.SolutionGaps(Solution, ["src/A/A.csproj", "src/B/B.csproj"]));
        Assert.Single(ProjectRules.SolutionGaps(Solution, []));
    }
}
