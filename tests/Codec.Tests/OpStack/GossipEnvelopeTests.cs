using System.Text.Json;
using OpSync.Codec.Keccak;
using OpSync.Codec.OpStack;
using OpSync.Codec.Snappy;
using Xunit;

namespace OpSync.Codec.Tests.OpStack;

/// <summary>The payloads inside gossip messages: a snappy block of a 65-byte signature and SSZ.</summary>
public class GossipEnvelopeTests
{
    private const int SignatureSize = 65;

    public static TheoryData<string> Names
    {
        get
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(RealBlock.GossipFile));
            return [.. document.RootElement.EnumerateArray().Select(e => RealBlock.Text(e, "name"))];
        }
    }

    [Fact]
    public void All_twelve_messages_are_there() => Assert.Equal(12, Names.Count);

    [Theory]
    [MemberData(nameof(Names))]
    public void Message_has_the_known_verdict_and_content(string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(RealBlock.GossipFile));
        JsonElement message = document.RootElement.EnumerateArray().First(e => RealBlock.Text(e, "name") == name);
        JsonElement check = message.GetProperty("check");
        PayloadVersion version = (PayloadVersion)message.GetProperty("version").GetInt32();
        byte[] data = RealBlock.Bytes(RealBlock.Text(message, "data"));

        byte[] target = new byte[10_000];
        SnappyFault snappy = SnappyBlock.Decompress(data, target, out int length);
        if (name == "hildr-testV3BlockMessageParse")
        {
            Assert.NotEqual(SnappyFault.None, snappy);   // not compressed at all
            return;
        }

        Assert.Equal(SnappyFault.None, snappy);
        ReadOnlySpan<byte> ssz = target.AsSpan(SignatureSize, length - SignatureSize);
        PayloadFault fault = ExecutionPayloadView.Read(ssz, version, out ExecutionPayloadView view);
        if (!check.TryGetProperty("decodedLength", out JsonElement decodedLength))
        {
            // Layouts of other versions.
            Assert.Equal(
                name == "hildr-testV3RejectExecutionPayload" ? PayloadFault.TooShort : PayloadFault.BadExtraData, fault);
            return;
        }

        Assert.Equal(decodedLength.GetInt32(), length);
        Assert.Equal(RealBlock.Text(check, "payloadKeccak256"), Keccak256.Hash(ssz).ToString());
        if (check.TryGetProperty("withdrawals", out JsonElement withdrawals) && withdrawals.GetInt32() > 0)
        {
            Assert.Equal(PayloadFault.HasWithdrawals, fault);
            return;
        }

        Assert.Equal(PayloadFault.None, fault);
        Assert.Equal(ssz.ToArray(), ExecutionPayload.From(view).ToSsz(version));
        Assert.Equal(check.GetProperty("timestamp").GetUInt64(), view.Timestamp);
        Assert.Equal(check.GetProperty("txCount").GetInt32(), view.Transactions.Count);
        Assert.Equal(RealBlock.HashOf(check, "declaredBlockHash"), view.BlockHash);
        Assert.Equal(RealBlock.HashOf(check, "recomputedBlockHash"), view.ComputeBlockHash());
        Assert.Equal(check.GetProperty("blockHashValid").GetBoolean(), view.BlockHash == view.ComputeBlockHash());
        if (check.TryGetProperty("excessBlobGas", out _))
        {
            Assert.Equal(RealBlock.Quantity(check, "excessBlobGas"), view.ExcessBlobGas);
            Assert.Equal(RealBlock.Quantity(check, "blobGasUsed"), view.BlobGasUsed);
            Assert.Equal(RealBlock.Text(check, "parentBeaconBlockRoot"), view.ParentBeaconBlockRoot.ToString());
        }
    }
}
