using System.Text.Json.Nodes;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Codec.Tests.Json;

/// <summary>Answers of execution clients to <c>eth_getBlockByNumber</c>, and how ours compare with them.</summary>
internal static class ClientAnswer
{
    /// <summary>Fields of older clients that say nothing of the block.</summary>
    private static readonly HashSet<string> OldBlockFields = ["totalDifficulty", "sealFields"];

    /// <summary>Names of the blocks with an answer.</summary>
    public static IEnumerable<string> Names => Directory.GetFiles(Folder).Select(f => Path.GetFileName(f).Split('.')[0]).Order();

    private static string Folder { get; } = RepositoryRoot.Combine("tests", "Vectors", "real-blocks", "rpc");

    /// <summary>The block object of an answer.</summary>
    public static JsonObject Load(string name) =>
        JsonNode.Parse(File.ReadAllBytes(Path.Combine(Folder, name + ".eth_getBlockByNumber.json")))!["result"]!.AsObject();

    /// <summary>Every field is the same, but for those that are named here with their reason.</summary>
    public static void AssertSame(JsonObject expected, JsonObject ours)
    {
        foreach ((string key, JsonNode? value) in expected)
        {
            if (OldBlockFields.Contains(key) || key == "transactions") continue;
            Assert.True(JsonNode.DeepEquals(value, ours[key]), $"{key}: {value} is written as {ours[key]}");
        }

        Assert.DoesNotContain(ours, field => !expected.ContainsKey(field.Key) && field.Key != "uncles");
        JsonArray transactions = expected["transactions"]!.AsArray(), written = ours["transactions"]!.AsArray();
        Assert.Equal(transactions.Count, written.Count);
        for (int i = 0; i < transactions.Count; i++) AssertSameTransaction(transactions[i]!.AsObject(), written[i]!.AsObject());
    }

    private static void AssertSameTransaction(JsonObject expected, JsonObject ours)
    {
        bool isDeposit = (string?)expected["type"] == "0x7e";
        foreach ((string key, JsonNode? value) in expected)
        {
            // The nonce of a deposit is known to who executes it only; some clients gave every type the fields of deposits.
            if (key == "nonce" && isDeposit) continue;
            if (key == "isSystemTx" && (bool?)value == false) continue;
            if (key == "sourceHash" && !isDeposit) continue;
            Assert.True(JsonNode.DeepEquals(value, ours[key]), $"{expected["hash"]} {key}: {value} is written as {ours[key]}");
        }

        // Both came later than the older of these clients.
        Assert.DoesNotContain(ours, field => !expected.ContainsKey(field.Key) && field.Key is not ("yParity" or "blockTimestamp"));
    }
}
