namespace OpSync.Codec.OpStack;

/// <summary>Where the fields of a payload stand in SSZ. Offsets in bytes from the start of the payload, behind the envelope's
/// root. Integers are little-endian. Source: op-node op-service/eth/ssz.go.</summary>
internal static class PayloadLayout
{
    public const int ParentHash = 0;
    public const int FeeRecipient = 32;
    public const int StateRoot = 52;
    public const int ReceiptsRoot = 84;
    public const int LogsBloom = 116;
    public const int PrevRandao = 372;
    public const int BlockNumber = 404;
    public const int GasLimit = 412;
    public const int GasUsed = 420;
    public const int Timestamp = 428;
    public const int ExtraDataOffset = 436;
    public const int BaseFeePerGas = 440;
    public const int BlockHash = 472;
    public const int TransactionsOffset = 504;
    public const int WithdrawalsOffset = 508;
    public const int BlobGasUsed = 512;
    public const int ExcessBlobGas = 520;
    public const int WithdrawalsRoot = 528;

    public const int LogsBloomSize = 256;

    /// <summary>The parent beacon block root before a payload of version 3 or 4.</summary>
    public const int EnvelopeSize = 32;

    /// <summary>Size of an offset.</summary>
    public const int OffsetSize = 4;

    /// <summary>Bytes before the extra data.</summary>
    public static int FixedSize(PayloadVersion version) => version switch
    {
        PayloadVersion.V1 => 508,
        PayloadVersion.V2 => 512,
        PayloadVersion.V3 => 528,
        PayloadVersion.V4 => 560,
        _ => throw new ArgumentOutOfRangeException(nameof(version), version, "No payload version."),
    };

    /// <summary>Bytes before the payload.</summary>
    public static int PrefixSize(PayloadVersion version) => version.HasEnvelope() ? EnvelopeSize : 0;
}
