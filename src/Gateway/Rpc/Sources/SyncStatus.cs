using System.Text.Json;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;

namespace OpSync.Gateway.Rpc.Sources;

/// <summary>What an op-node answers to <c>optimism_syncStatus</c> (op-service/eth/sync_status.go). Numbers are JSON numbers.</summary>
internal sealed record SyncStatus
{
    /// <summary>The L1 block that derivation has come to.</summary>
    public required L1Ref CurrentL1 { get; init; }

    /// <summary>Kept for old readers; op-node sets it to the finalized L1 block.</summary>
    public required L1Ref CurrentL1Finalized { get; init; }

    /// <summary>Highest L1 block.</summary>
    public required L1Ref HeadL1 { get; init; }

    /// <summary>Safe L1 block.</summary>
    public required L1Ref SafeL1 { get; init; }

    /// <summary>Finalized L1 block.</summary>
    public required L1Ref FinalizedL1 { get; init; }

    /// <summary>Highest L2 block.</summary>
    public required L2BlockRef UnsafeL2 { get; init; }

    /// <summary>Derived from L1 and, with interop, from the other chains.</summary>
    public required L2BlockRef SafeL2 { get; init; }

    /// <summary>Derived from finalized L1 blocks.</summary>
    public required L2BlockRef FinalizedL2 { get; init; }

    /// <summary>Within a span batch that is not complete.</summary>
    public required L2BlockRef PendingSafeL2 { get; init; }

    /// <summary>Highest L2 block that depends on no unverified message.</summary>
    public required L2BlockRef CrossUnsafeL2 { get; init; }

    /// <summary>Derived from L1.</summary>
    public required L2BlockRef LocalSafeL2 { get; init; }

    /// <summary>Reads the answer of an op-node of any age.</summary>
    /// <returns>What is wrong, or null.</returns>
    public static string? Read(JsonElement json, out SyncStatus? status)
    {
        status = null;
        StatusReader reader = new(json);
        L2BlockRef unsafeL2 = reader.L2("unsafe_l2"), safeL2 = reader.L2("safe_l2");
        SyncStatus read = new()
        {
            CurrentL1 = reader.L1("current_l1"),
            CurrentL1Finalized = reader.Has("current_l1_finalized") ? reader.L1("current_l1_finalized") : reader.L1("finalized_l1"),
            HeadL1 = reader.L1("head_l1"),
            SafeL1 = reader.L1("safe_l1"),
            FinalizedL1 = reader.L1("finalized_l1"),
            UnsafeL2 = unsafeL2,
            SafeL2 = safeL2,
            FinalizedL2 = reader.L2("finalized_l2"),

            // Older releases lack these. Without interop each equals the head that it refines.
            PendingSafeL2 = reader.Has("pending_safe_l2") ? reader.L2("pending_safe_l2") : safeL2,
            CrossUnsafeL2 = reader.Has("cross_unsafe_l2") ? reader.L2("cross_unsafe_l2") : unsafeL2,
            LocalSafeL2 = reader.Has("local_safe_l2") ? reader.L2("local_safe_l2") : safeL2,
        };
        if (reader.Error is not null) return reader.Error;
        if (read.FinalizedL2.Id.Number > read.SafeL2.Id.Number) return "the finalized block is above the safe one";
        status = read;
        return null;
    }

    /// <summary>Writes it as an op-node of today answers.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        Write(writer, "current_l1", CurrentL1);
        Write(writer, "current_l1_finalized", CurrentL1Finalized);
        Write(writer, "head_l1", HeadL1);
        Write(writer, "safe_l1", SafeL1);
        Write(writer, "finalized_l1", FinalizedL1);
        Write(writer, "unsafe_l2", UnsafeL2);
        Write(writer, "safe_l2", SafeL2);
        Write(writer, "finalized_l2", FinalizedL2);
        Write(writer, "pending_safe_l2", PendingSafeL2);
        Write(writer, "cross_unsafe_l2", CrossUnsafeL2);
        Write(writer, "local_safe_l2", LocalSafeL2);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string name, L1Ref block)
    {
        writer.WriteStartObject(name);
        WriteCommon(writer, block.Id, block.ParentHash, block.Timestamp);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string name, L2BlockRef block)
    {
        writer.WriteStartObject(name);
        WriteCommon(writer, block.Id, block.ParentHash, block.Timestamp);
        writer.WriteStartObject("l1origin"u8);
        writer.WriteString("hash"u8, (block.L1Origin?.Hash ?? default).ToString());
        writer.WriteNumber("number"u8, block.L1Origin?.Number ?? 0);
        writer.WriteEndObject();
        writer.WriteNumber("sequenceNumber"u8, block.SequenceNumber);
        writer.WriteEndObject();
    }

    private static void WriteCommon(Utf8JsonWriter writer, BlockId id, Hash32 parentHash, ulong timestamp)
    {
        writer.WriteString("hash"u8, id.Hash.ToString());
        writer.WriteNumber("number"u8, id.Number);
        writer.WriteString("parentHash"u8, parentHash.ToString());
        writer.WriteNumber("timestamp"u8, timestamp);
    }
}
