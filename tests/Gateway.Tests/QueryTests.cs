using System.Net;
using System.Text.Json.Nodes;
using OpSync.Gateway.Tests.Kit;
using Xunit;

namespace OpSync.Gateway.Tests;

/// <summary>Parameters of queries that have no sense. They are taken from the OpenAPI document, so that a new one cannot be forgotten.</summary>
public sealed class QueryTests
{
    private const string Wrong = "x~";
    private const string PeerId = "16Uiu2HAmBKi9hSYuxivxXuH5uevR33a273SPSwKqf1Wkcz3wPv4a";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_wrong_parameter_is_named_with_what_it_can_be()
    {
        await using Door door = await Door.OpenAsync();
        JsonNode document = await door.GetAsync("/openapi/v1.json");
        int asked = 0;
        foreach ((string template, JsonNode? operations) in document["paths"]!.AsObject())
        {
            foreach ((string method, JsonNode? operation) in operations!.AsObject().Where(static o => o.Key != "head"))   // its answers have no body
            {
                string[] names = [.. (operation!["parameters"]?.AsArray() ?? []).Where(p => (string)p!["in"]! == "query").Select(p => (string)p!["name"]!)];
                foreach (string name in names.Where(static n => n != "cursor"))   // a cursor is any text
                {
                    asked++;
                    string path = template.Replace("{chain}", Door.ChainName, StringComparison.Ordinal).Replace("{block}", "1", StringComparison.Ordinal)
                        .Replace("{peer}", PeerId, StringComparison.Ordinal);
                    Assert.DoesNotContain("{", path, StringComparison.Ordinal);
                    string others = string.Concat(names.Where(n => n == "from" && n != name).Select(static n => $"{n}=1&"));
                    using HttpRequestMessage request = new(new HttpMethod(method.ToUpperInvariant()), $"{path}?{others}{name}={Wrong}");
                    using HttpResponseMessage response = await door.Client.SendAsync(request, Token);
                    string detail = (string)JsonNode.Parse(await response.Content.ReadAsStringAsync(Token))!["detail"]!;
                    if (name is "chain" or "range")
                    {
                        Assert.Equal((HttpStatusCode.NotFound, true), (response.StatusCode, detail.Contains($"'{Wrong}'", StringComparison.Ordinal)));
                        continue;
                    }

                    Assert.True(response.StatusCode == HttpStatusCode.BadRequest, $"{method} {path}?{name}: {(int)response.StatusCode} {detail}");
                    Assert.StartsWith($"{name} is ", detail, StringComparison.Ordinal);
                }
            }
        }

        Assert.True(asked >= 10, $"Only {asked} parameters were found.");
    }

    [Theory]
    [InlineData("0")]
    [InlineData("201")]
    [InlineData("1.5")]
    [InlineData("99999999999")]
    [InlineData("")]
    public async Task Limit_out_of_bounds_is_told_its_bounds(string limit)
    {
        await using Door door = await Door.OpenAsync();
        foreach (string path in (string[])["/v1/ranges", "/v1/peers", "/v1/chains/samples/anchors"])
        {
            if (limit.Length == 0) await door.GetAsync($"{path}?limit=");   // as if it were left out
            else Assert.StartsWith("limit is a whole number from 1 to 200", (string)(await door.GetAsync($"{path}?limit={limit}", HttpStatusCode.BadRequest))["detail"]!, StringComparison.Ordinal);
        }
    }
}
