using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using OpSync.Codec.Keccak;
using OpSync.Codec.Primitives;
using OpSync.Codec.Secp256k1;
using OpSync.Codec.Snappy;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Codec.Tests.Secp256k1;

/// <summary>Signed blocks as they travel over gossip: raw snappy around a signature and SSZ. OP Stack rollup-node-p2p spec,
/// "Block encoding" and "Block signatures".</summary>
public class GossipSignatureTests
{
    [Fact]
    public void Signer_of_every_published_envelope_is_recovered()
    {
        using JsonDocument document =
            JsonDocument.Parse(File.ReadAllBytes(RepositoryRoot.Combine("tests", "Vectors", "real-blocks", "gossip", "envelopes.json")));
        int signers = 0;
        foreach (JsonElement envelope in document.RootElement.EnumerateArray())
        {
            Assert.True(Hex.TryDecode(envelope.GetProperty("data").GetString(), out byte[]? data));
            JsonElement check = envelope.GetProperty("check");
            if (!check.TryGetProperty("recoveredSigner", out JsonElement expected) || expected.ValueKind != JsonValueKind.Object) continue;

            Assert.Equal(SnappyFault.None, SnappyBlock.TryReadLength(data, out int length, out _));
            Assert.Equal(check.GetProperty("decodedLength").GetInt32(), length);
            byte[] message = new byte[length];
            Assert.Equal(SnappyFault.None, SnappyBlock.Decompress(data, message, out _));
            Hash32 payload = Keccak256.Hash(message.AsSpan(65));
            Assert.Equal(check.GetProperty("payloadKeccak256").GetString(), payload.ToString());

            foreach (JsonProperty chain in expected.EnumerateObject())
            {
                byte[] signed = new byte[96];   // a domain of zeros, the chain id, the payload's hash
                BinaryPrimitives.WriteUInt64BigEndian(signed.AsSpan(56), ulong.Parse(chain.Name, CultureInfo.InvariantCulture));
                payload.CopyTo(signed.AsSpan(64));
                Assert.True(Secp256k1Ecdsa.TryRecoverAddress(Keccak256.Hash(signed).Bytes, message.AsSpan(0, 65), out Address signer));
                Assert.Equal(chain.Value.GetString(), signer.ToString());
                signers++;
            }
        }

        Assert.Equal(29, signers);
    }
}
