using System.Buffers;
using System.Text;
using System.Text.Json;
using OpSync.Codec.Json;
using OpSync.Codec.OpStack;
using OpSync.Codec.Samples;

namespace OpSync.Gateway.Rpc.Tests.Kit;

/// <summary>Blocks of a sample chain, and of one that parts from it at block 1.</summary>
internal static class Samples
{
    public const ulong ChainId = SampleChainOptions.DefaultChainId;

    private const ulong Last = 20;

    private static readonly SampleBlock[] Right = Make(new SampleChainOptions { Profile = SampleProfile.Small });
    private static readonly SampleBlock[] Wrong = Make(new SampleChainOptions { Profile = SampleProfile.Small, SplitAt = 1, SplitSeed = 5 });

    public static ChainSpec Spec { get; } = new SampleChain(new SampleChainOptions { Profile = SampleProfile.Small }).Spec;

    public static BlockFacts Facts(ulong number, bool wrong = false) => (wrong ? Wrong : Right)[number].Facts;

    /// <summary>The parameters of admin_postUnsafePayload.</summary>
    public static string Post(ulong number, bool wrong = false)
    {
        SampleBlock block = (wrong ? Wrong : Right)[number];
        ExecutionPayloadView.Read(block.Ssz, block.Facts.Version, out ExecutionPayloadView payload);
        return Post(payload);
    }

    public static string Post(ExecutionPayloadView payload)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartArray();
            PayloadJson.WriteEnvelope(writer, payload);
            writer.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Settings with the sample chain.</summary>
    public static RpcSettings Settings(bool trustPosts = true, Sources.TrustedSourceSettings? source = null, RpcLimits? limits = null) => new()
    {
        Chains = [new RpcChain(Spec) { TrustPostedBlocks = trustPosts, Source = source }],
        Limits = limits ?? new RpcLimits(),
    };

    private static SampleBlock[] Make(SampleChainOptions options)
    {
        SampleChain chain = new(options);
        return [chain.Genesis, .. chain.Blocks(Last)];
    }
}
