using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using OpSync.Gateway.Tests.Kit;
using OpSync.Grains.Tests.Kit;
using Xunit;

namespace OpSync.Gateway.Tests;

/// <summary>Ranges over HTTP.</summary>
public sealed class RangeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_posted_range_is_accepted_named_and_filled()
    {
        await using Door door = await Door.OpenAsync();
        await door.World.AddAsync(ScriptedPeer.Honest("honest"));
        using HttpResponseMessage response = await door.Client.PostAsync("/v1/ranges", Json(Door.RangeBody(10, 200)), Token);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        string id = (string)(await Door.ReadAsync(response, HttpStatusCode.Accepted))["id"]!;
        Assert.Equal($"/v1/ranges/{id}", response.Headers.Location?.ToString());
        JsonNode range = await door.CompleteAsync(id);
        Assert.Equal(191UL, (ulong)range["stored"]!);
        Assert.Equal((10UL, 200UL, 191UL), ((ulong)range["first"]!, (ulong)range["last"]!, (ulong)range["total"]!));
        await door.World.AssertHoldsAsync(10, 200);
    }

    [Fact]
    public async Task A_range_may_begin_at_the_genesis_block()
    {
        await using Door door = await Door.OpenAsync();
        await door.World.AddAsync(ScriptedPeer.Honest("honest"));
        Assert.Equal(TestChain.Right.IdAt(0), TestChain.Right.Spec.Genesis);

        Assert.Equal(21UL, (ulong)(await door.CompleteAsync(await door.PostRangeAsync(0, 20)))["stored"]!);
        await door.World.AssertHoldsAsync(0, 20);
    }

    [Fact]
    public async Task The_same_range_posted_twice_is_one_job()
    {
        await using Door door = await Door.OpenAsync();

        string first = await door.PostRangeAsync(1, 50), second = await door.PostRangeAsync(1, 50), other = await door.PostRangeAsync(1, 51);

        Assert.Equal(first, second);
        Assert.NotEqual(first, other);
        Assert.Equal(2, (await door.GetAsync("/v1/ranges"))["items"]!.AsArray().Count);
        string urgent = Door.RangeBody(1, 50)[..^1] + ",\"priority\":7}";
        Assert.Equal(7, (int)(await door.PostAsync("/v1/ranges", urgent, HttpStatusCode.Accepted))["priority"]!);
        Assert.Equal(7, (int)(await door.PostAsync("/v1/ranges", Door.RangeBody(1, 50), HttpStatusCode.Accepted))["priority"]!);
    }

    [Fact]
    public async Task A_repeated_idempotency_key_gets_the_first_answer_and_nothing_else_happens()
    {
        await using Door door = await Door.OpenAsync();
        (string, string) key = ("Idempotency-Key", "one");
        string first = (string)(await door.PostAsync("/v1/ranges", Door.RangeBody(1, 50), HttpStatusCode.Accepted, key))["id"]!;
        await door.SendAsync(HttpMethod.Delete, $"/v1/ranges/{first}", null, HttpStatusCode.OK);

        // Without the key this would be a new range, since the first one has ended.
        Assert.Equal(first, (string)(await door.PostAsync("/v1/ranges", Door.RangeBody(1, 50), HttpStatusCode.Accepted, key))["id"]!);
        Assert.NotEqual(first, await door.PostRangeAsync(1, 50));
        await door.PostAsync("/v1/ranges", Door.RangeBody(1, 51), HttpStatusCode.UnprocessableEntity, key);
        await door.PostAsync("/v1/ranges", Door.RangeBody(1, 50), HttpStatusCode.BadRequest, ("Idempotency-Key", new string('k', 129)));
    }

    [Fact]
    public async Task A_failure_under_an_idempotency_key_may_be_tried_again()
    {
        await using Door door = await Door.OpenAsync();
        (string, string) key = ("Idempotency-Key", "again");
        const string body = """{"chain":"samples","first":1,"last":50}""";
        await door.PostAsync("/v1/ranges", body, HttpStatusCode.UnprocessableEntity, key);
        await door.PostAsync(
            $"/v1/chains/{Door.ChainName}/anchors", $$"""{"number":50,"hash":"{{TestChain.Right.HashAt(50)}}"}""", HttpStatusCode.Created);

        await door.PostAsync("/v1/ranges", body, HttpStatusCode.Accepted, key);
    }

    [Fact]
    public async Task A_range_can_be_paused_resumed_and_cancelled()
    {
        await using Door door = await Door.OpenAsync();
        string id = await door.PostRangeAsync(1, 50);

        Assert.Equal("paused", (string)(await door.PostAsync($"/v1/ranges/{id}/pause", "", HttpStatusCode.OK))["state"]!);
        Assert.Equal("running", (string)(await door.PostAsync($"/v1/ranges/{id}/resume", "", HttpStatusCode.OK))["state"]!);
        Assert.Equal("cancelled", (string)(await door.SendAsync(HttpMethod.Delete, $"/v1/ranges/{id}", null, HttpStatusCode.OK))["state"]!);
        Assert.Equal("range-ended", (string)(await door.PostAsync($"/v1/ranges/{id}/pause", "", HttpStatusCode.Conflict))["code"]!);
        Assert.Equal("cancelled", (string)(await door.GetAsync($"/v1/ranges/{id}"))["state"]!);
        Assert.Equal(id, (string)(await door.GetAsync("/v1/ranges?state=ended"))["items"]!.AsArray().Single()!["id"]!);
        Assert.Empty((await door.GetAsync("/v1/ranges?state=open"))["items"]!.AsArray());
    }

    [Fact]
    public async Task A_cancelled_range_still_tells_after_a_restart_how_far_it_came()
    {
        await using Door door = await Door.OpenAsync();
        await door.World.AddAsync(ScriptedPeer.Lacking("lacking", static number => number < 11));
        string id = await door.PostRangeAsync(1, 50);
        await World.UntilAsync(async () => (ulong)(await door.GetAsync($"/v1/ranges/{id}"))["stored"]! == 40, "It does not come so far.");
        await door.SendAsync(HttpMethod.Delete, $"/v1/ranges/{id}", null, HttpStatusCode.OK);
        JsonNode range = null!;
        await World.UntilAsync(async () => (string)(range = await door.GetAsync($"/v1/ranges/{id}"))["state"]! == "cancelled", () => range.ToJsonString());

        await door.World.KillAsync();
        await door.World.StartSiloAsync();

        Assert.Equal(40UL, (ulong)(await door.GetAsync($"/v1/ranges/{id}"))["stored"]!);
    }

    [Fact]
    public async Task A_range_nobody_can_fill_says_why()
    {
        await using Door door = await Door.OpenAsync();
        string id = await door.PostRangeAsync(1, 50);
        JsonNode? stall = null;
        await World.UntilAsync(async () => (stall = (await door.GetAsync($"/v1/ranges/{id}"))["stall"]) is not null, "It does not stall.");

        Assert.Equal("noPeers", (string)stall!["code"]!);
        Assert.NotEmpty((string)stall["text"]!);
    }

    [Fact]
    public async Task Lists_come_in_pages()
    {
        await using Door door = await Door.OpenAsync();
        List<string> posted = [];
        for (ulong last = 10; last < 17; last++) posted.Add(await door.PostRangeAsync(1, last));
        List<string> seen = [];
        string? cursor = null;
        do
        {
            JsonNode page = await door.GetAsync($"/v1/ranges?limit=3&chain={Door.ChainName}{(cursor is null ? "" : "&cursor=" + cursor)}");
            Assert.InRange(page["items"]!.AsArray().Count, 1, 3);
            seen.AddRange(page["items"]!.AsArray().Select(r => (string)r!["id"]!));
            cursor = (string?)page["next"];
        }
        while (cursor is not null);

        Assert.Equal(posted.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
        await door.GetAsync("/v1/ranges?limit=0", HttpStatusCode.BadRequest);
        await door.GetAsync("/v1/ranges?limit=201", HttpStatusCode.BadRequest);
        await door.GetAsync("/v1/ranges?limit=x", HttpStatusCode.BadRequest);
        await door.GetAsync("/v1/ranges?state=x", HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("", 400)]
    [InlineData("{", 400)]
    [InlineData("null", 400)]
    [InlineData("[]", 400)]
    [InlineData("{}", 400)]
    [InlineData("""{"chain":"samples","first":1,"last":2,"frist":1}""", 400)]
    [InlineData("""{"chain":"samples","first":"1","last":2}""", 400)]
    [InlineData("""{"chain":"samples","first":-1,"last":2}""", 400)]
    [InlineData("""{"chain":"samples","first":1,"last":18446744073709551616}""", 400)]
    [InlineData("""{"chain":"samples","first":1,"last":18446744073709551615}""", 400)]
    [InlineData("""{"chain":"samples","first":3,"last":2}""", 400)]
    [InlineData("""{"chain":null,"first":1,"last":2}""", 400)]
    [InlineData("""{"chain":"samples","first":1,"last":2,"anchor":{"number":2,"hash":null}}""", 400)]
    [InlineData("""{"chain":"samples","Chain":"samples","first":1,"last":2}""", 400)]
    [InlineData("""{"chain":"samples","first":1,"last":2,"priority":101}""", 400)]
    [InlineData("""{"chain":"samples","first":1,"last":2,"anchor":{"number":2,"hash":"0x12"}}""", 400)]
    [InlineData("""{"chain":"samples","first":1,"last":2,"anchor":{"number":2}}""", 400)]
    [InlineData("""{"chain":"samples","first":1,"last":2,"anchor":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}""", 400)]
    [InlineData("""{"chain":"nowhere","first":1,"last":2}""", 404)]
    [InlineData("""{"chain":"samples","first":1,"last":2}""", 422)]
    public async Task A_wrong_body_is_a_problem_with_words(string body, int status)
    {
        await using Door door = await Door.OpenAsync();
        JsonNode problem = await door.PostAsync("/v1/ranges", body, (HttpStatusCode)status);

        Assert.Equal(status, (int)problem["status"]!);
        Assert.NotEmpty((string)problem["code"]!);
        Assert.NotEmpty((string)problem["detail"]!);
    }

    [Theory]
    [InlineData("{", "The body is not what this takes")]
    [InlineData("", "body")]
    [InlineData("null", "body is missing")]
    [InlineData("{}", "lacks: 'chain', 'first', 'last'")]
    [InlineData("""{"chain":"samples","first":1,"last":2,"frist":1}""", "'frist'")]
    [InlineData("""{"chain":"samples","first":-1,"last":2}""", "at $.first")]
    [InlineData("""{"chain":"samples","first":1,"last":2,"anchor":{"number":"2","hash":"0x"}}""", "at $.anchor.number")]
    public async Task A_wrong_body_is_explained_without_types_of_the_inside(string body, string words)
    {
        await using Door door = await Door.OpenAsync();
        string detail = (string)(await door.PostAsync("/v1/ranges", body, HttpStatusCode.BadRequest))["detail"]!;

        Assert.Contains(words, detail, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", detail, StringComparison.Ordinal);
        Assert.DoesNotContain("Json.", detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/ranges?limit=x", "limit is a whole number from 1 to 200, not 'x'.")]
    [InlineData("/v1/chains/samples/blocks", "The parameter 'from' is missing.")]
    [InlineData("/v1/chains/samples/blocks?from=x", "from is a height: a whole number, 0 or more, not 'x'.")]
    public async Task A_wrong_parameter_is_named(string path, string detail)
    {
        await using Door door = await Door.OpenAsync();
        Assert.Equal(detail, (string)(await door.GetAsync(path, HttpStatusCode.BadRequest))["detail"]!);
    }

    [Fact]
    public async Task A_problem_can_be_read_in_a_terminal()
    {
        await using Door door = await Door.OpenAsync();
        using HttpResponseMessage response = await door.Client.GetAsync("/v1/ranges/x", Token);
        Assert.Contains("There is no range 'x'.", await response.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        await using Door door = await Door.OpenAsync();
        foreach (string path in new[]
        {
            "/v1/ranges/x", "/v1/ranges/7735701-0192f0c0aaaabbbbccccddddeeeeffff", "/v1/ranges/7-0192f0c0aaaabbbbccccddddeeeeffff", "/v1/ranges/7735701-../../x",
            "/v1/chains/7", "/v1/chains/nowhere", "/v1/peers/nobody", "/v1/peers/16Uiu2HAmBKi9hSYuxivxXuH5uevR33a273SPSwKqf1Wkcz3wPv4a", "/v1/nothing", "/page/nothing",
            "/v1/chains/samples/blocks/3", "/v1/ranges/x/events", "/v1/chains/x/events",
        })
        {
            await door.GetAsync(path, HttpStatusCode.NotFound);
        }

        await door.SendAsync(HttpMethod.Put, "/v1/ranges", "{}", HttpStatusCode.MethodNotAllowed);
        using HttpResponseMessage form = await door.Client.PostAsync("/v1/ranges", new StringContent("a=b", Encoding.UTF8, "text/plain"), Token);
        await Door.ReadAsync(form, HttpStatusCode.UnsupportedMediaType);
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");
}
