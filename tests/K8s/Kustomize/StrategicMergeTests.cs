using System.Text.Json.Nodes;
using Xunit;

namespace OpSync.K8s.Kustomize;

public sealed class StrategicMergeTests
{
    [Theory]
    [InlineData("{ a: 1, b: { c: 2 } }", "{ b: { d: 3 } }", "{\"a\":1,\"b\":{\"c\":2,\"d\":3}}")]
    [InlineData("{ a: 1, b: 2 }", "{ a: null, c: null }", "{\"b\":2}")]
    [InlineData("{ args: [a, b] }", "{ args: [c] }", "{\"args\":[\"c\"]}")]
    [InlineData(
        "{ env: [{ name: A, value: '1' }, { name: B, value: '2' }] }", "{ env: [{ name: C, value: '3' }, { name: B, value: '4' }] }",
        "{\"env\":[{\"name\":\"C\",\"value\":\"3\"},{\"name\":\"B\",\"value\":\"4\"},{\"name\":\"A\",\"value\":\"1\"}]}")]
    public void Patch_is_merged_as_kubernetes_merges_it(string target, string patch, string expected)
    {
        JsonObject result = Yaml.Read(target, "target");
        StrategicMerge.Apply(result, Yaml.Read(patch, "patch"));

        Assert.Equal(expected, result.ToJsonString());
    }

    [Theory]
    [InlineData("{ tolerations: [{ key: a }] }", "{ tolerations: [{ key: b }] }")]
    [InlineData("{ env: [{ name: A }] }", "{ env: [{ value: b }] }")]
    [InlineData("{ env: [{ name: A }] }", "{ env: [{ name: A, $patch: delete }] }")]
    public void Patch_that_is_not_understood_is_refused(string target, string patch) =>
        Assert.Throws<InvalidDataException>(() => StrategicMerge.Apply(Yaml.Read(target, "target"), Yaml.Read(patch, "patch")));
}
