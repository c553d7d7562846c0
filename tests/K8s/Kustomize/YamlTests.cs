using Xunit;

namespace OpSync.K8s.Kustomize;

public sealed class YamlTests
{
    [Theory]
    [InlineData("a: 1\nb: -2.5\nc: true\nd:\ne: x", """{"a":1,"b":-2.5,"c":true,"d":null,"e":"x"}""")]
    [InlineData("a: '1'\nb: \"true\"\nc: |\n  two\n  lines\n", """{"a":"1","b":"true","c":"two\nlines\n"}""")]
    [InlineData("a: 0440\nb: 1Gi\nc: 10.0.0.1\nd: 1.5e3\ne: 0.1.0\nf: 07:30x", """{"a":288,"b":"1Gi","c":"10.0.0.1","d":1500,"e":"0.1.0","f":"07:30x"}""")]
    [InlineData("a: &x { b: 1, c: 2 }\nd:\n  <<: *x\n  c: 3\n", """{"a":{"b":1,"c":2},"d":{"b":1,"c":3}}""")]
    public void Value_is_read_as_kubernetes_reads_it(string text, string json) => Assert.Equal(json, Yaml.Read(text, "test").ToJsonString());

    [Theory]
    [InlineData("a: yes")]
    [InlineData("a: off")]
    [InlineData("a: 22:22")]
    [InlineData("a: 0x10")]
    [InlineData("a: 1_000")]
    [InlineData("a: True")]
    [InlineData("a: 1\na: 2")]
    [InlineData("a: [1")]
    [InlineData("a: 1\n---\nb: 2")]
    public void Text_that_can_be_read_in_two_ways_is_refused(string text) => Assert.Throws<InvalidDataException>(() => Yaml.Read(text, "test"));
}
