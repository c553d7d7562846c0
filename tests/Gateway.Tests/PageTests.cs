using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using OpSync.Gateway.Page;
using OpSync.Gateway.Tests.Kit;
using Xunit;

namespace OpSync.Gateway.Tests;

/// <summary>The files of the page. What it does in a browser has tests of its own.</summary>
public sealed partial class PageTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_page_is_given_to_everybody_with_a_policy_that_allows_its_own_files_only()
    {
        await using Door door = await Door.OpenAsync();
        using HttpClient stranger = door.NewClient();

        foreach (string path in PageAssets.All.Keys.Select(n => "/page/" + n).Prepend("/"))
        {
            using HttpResponseMessage response = await stranger.GetAsync(path, Token);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            string policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("trusted-types 'none'", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
            Assert.True(response.Headers.CacheControl!.NoCache);
        }
    }

    [Fact]
    public async Task An_unchanged_file_is_not_sent_again_and_an_unknown_one_is_a_problem()
    {
        await using Door door = await Door.OpenAsync();
        using HttpResponseMessage first = await door.Client.GetAsync("/", Token);
        EntityTagHeaderValue tag = first.Headers.ETag!;

        using HttpRequestMessage again = new(HttpMethod.Get, "/");
        again.Headers.IfNoneMatch.Add(tag);
        using HttpResponseMessage second = await door.Client.SendAsync(again, Token);

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Equal("no-such-file", (string)(await door.GetAsync("/page/secret.js", HttpStatusCode.NotFound))["code"]!);
    }

    [Fact]
    public void The_page_names_its_own_files_only_and_has_nothing_inline()
    {
        string index = Text(PageAssets.Index);
        string[] named = [.. Reference().Matches(index).Select(m => m.Groups[1].Value)];
        Assert.NotEmpty(named);
        Assert.All(named.Where(n => n.StartsWith("page/", StringComparison.Ordinal)), n => Assert.True(PageAssets.All.ContainsKey(n["page/".Length..]), n));
        Assert.DoesNotContain(" style=", index, StringComparison.Ordinal);
        Assert.DoesNotContain(" onclick=", index, StringComparison.Ordinal);
        foreach (string name in PageAssets.All.Keys.Where(n => n.EndsWith(".js", StringComparison.Ordinal)))
        {
            string script = Text(name);
            Assert.DoesNotContain("innerHTML", script, StringComparison.Ordinal);
            Assert.All(Import().Matches(script), m => Assert.True(PageAssets.All.ContainsKey(m.Groups[1].Value), m.Value));
        }

        Assert.All(PageAssets.All.Keys.Where(n => n != "icon.svg"), n => Assert.DoesNotContain("://", Text(n).Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal), StringComparison.Ordinal));
    }

    private static string Text(string name) => System.Text.Encoding.UTF8.GetString(PageAssets.All[name].Bytes);

    [GeneratedRegex("(?:src|href)=\"([^\"#]+)\"")]
    private static partial Regex Reference();

    [GeneratedRegex(@"from '\./([^']+)'")]
    private static partial Regex Import();
}
