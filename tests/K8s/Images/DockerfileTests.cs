using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OpSync.K8s.Manifests;
using OpSync.TestKit;
using Xunit;

namespace OpSync.K8s.Images;

/// <summary>The images are built from what is in the repository, from named versions, and run as nobody in particular.</summary>
public sealed partial class DockerfileTests
{
    [Theory]
    [InlineData("silo", "StatefulSet opsync-silo")]
    [InlineData("gateway", "Deployment opsync-gateway")]
    public void Image_fits_its_pod(string name, string workload)
    {
        IReadOnlyList<Instruction> file = Read(name);
        Manifest pod = Overlay.Render("prod").Single(o => o.ToString() == workload);
        JsonObject container = pod.Containers.Single();
        string user = $"{pod.Pod!["securityContext"]!["runAsUser"]}:{pod.Pod["securityContext"]!["runAsGroup"]}";

        Assert.Equal(user, file.Last(i => i.Name == "USER").Text);
        Assert.Equal(container["args"]!.ToJsonString(), JsonNode.Parse(file.Single(i => i.Name == "CMD").Text)!.ToJsonString());
        Assert.Equal("""["/app/opsync"]""", file.Single(i => i.Name == "ENTRYPOINT").Text);
        Assert.Equal("SIGTERM", file.Single(i => i.Name == "STOPSIGNAL").Text);
        Assert.Equal(
            Manifest.Items(container["ports"]).Select(p => p["containerPort"]!.ToString()).Order(StringComparer.Ordinal),
            file.Single(i => i.Name == "EXPOSE").Text.Split(' ').Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("silo")]
    [InlineData("gateway")]
    public void Image_is_built_from_named_versions_of_the_platform(string name)
    {
        IReadOnlyList<Instruction> file = Read(name);
        Dictionary<string, string> arguments = file.TakeWhile(i => i.Name == "ARG").Select(i => i.Text.Split('=')).ToDictionary(a => a[0], a => a[1]);
        string[] bases = [.. file.Where(i => i.Name == "FROM").Select(i => Variable().Replace(i.Text.Split(' ')[0], m => arguments[m.Groups[1].Value]))];
        string sdk = JsonNode.Parse(File.ReadAllText(RepositoryRoot.Combine("global.json")))!["sdk"]!["version"]!.ToString();
        string platform = sdk[..sdk.IndexOf('.', StringComparison.Ordinal)];

        Assert.Equal(2, bases.Length);
        Assert.Matches($@"^mcr\.microsoft\.com/dotnet/sdk:{platform}\.0\.[1-9][0-9]{{2}}-[a-z]+$", bases[0]);
        Assert.Matches($@"^mcr\.microsoft\.com/dotnet/aspnet:{platform}\.0\.[0-9]+-[a-z]+$", bases[1]);
        Assert.Contains(file, i => i.Name == "RUN" && i.Text.Contains("-p:Engine=${ENGINE} -p:Kubernetes=true", StringComparison.Ordinal));
        Assert.Contains(file, i => i is { Name: "ARG", Text: "ENGINE=Orleans" });
    }

    [Theory]
    [InlineData("silo")]
    [InlineData("gateway")]
    public void Image_copies_what_is_there_and_not_ignored(string name)
    {
        string[] kept = [.. File.ReadAllLines(RepositoryRoot.Combine(".dockerignore")).Where(l => l.StartsWith('!')).Select(l => l[1..])];
        string[] sources = [.. Read(name).Where(i => i.Name == "COPY" && !i.Text.StartsWith("--from", StringComparison.Ordinal)).SelectMany(i => i.Text.Split(' ')[..^1])];

        Assert.Equal(kept.Order(StringComparer.Ordinal), sources.Order(StringComparer.Ordinal));
        Assert.All(sources, s => Assert.True(Path.Exists(RepositoryRoot.Combine(s)), s));

        // What is imported by the build of every project is among them, or else the image would be built by other rules.
        Assert.All(
            Directory.GetFiles(RepositoryRoot.Directory, "Directory.*").Select(Path.GetFileName).Where(f => f is not ("Directory.Build.rsp" or "Directory.Solution.targets")), f => Assert.Contains(f, sources));
    }

    [Theory]
    [InlineData("silo")]
    [InlineData("gateway")]
    public void Image_holds_no_secret(string name) => Assert.All(
        Read(name).Where(i => i.Name is "ENV" or "ARG"), i => Assert.DoesNotMatch("(?i)(password|secret|token|key|postgres)", i.Text));

    private static IReadOnlyList<Instruction> Read(string name) => Dockerfile.Read(File.ReadAllText(RepositoryRoot.Combine("deploy", $"{name}.Dockerfile")));

    [GeneratedRegex(@"^\$\{([A-Z]+)\}$")]
    private static partial Regex Variable();
}
