using System.Text.Json.Nodes;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>The demo does what it says, with every kind of peer.</summary>
public sealed class DemoTests
{
    public static TheoryData<string, int, int> Forms => SharedChains.IsLong
        ? new() { { "small", 2_000, 4 }, { "default", 500, 1 }, { "huge", 40, 3 } }
        : new() { { "small", 400, 4 } };

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Demo_fills_verifies_and_serves_on(string profile, int blocks, int peers)
    {
        JsonObject json = (await Opsync.RunAsync("demo", "--profile", profile, "--blocks", $"{blocks}", "--peers", $"{peers}", "--json")).ExpectExit(0).Json;

        Assert.True((bool)json["ok"]!);
        Assert.Equal(blocks, (long)json["verified"]!);
        Assert.Equal("complete", (string?)json["sync"]!["result"]);
        JsonArray roles = json["roles"]!.AsArray();
        Assert.Equal(peers, roles.Count);
        for (int i = 0; i < peers; i++)
        {
            JsonNode peer = json["sync"]!["peers"]![i]!;
            if ((string?)roles[i] == "lying") continue;   // what it gives after others gave the same heights is not looked at
            Assert.Equal(0, (long)peer["rejected"]! + (long)peer["malformed"]!);
        }
    }
}
