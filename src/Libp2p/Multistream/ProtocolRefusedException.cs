namespace OpSync.Libp2p.Multistream;

/// <summary>The remote did not agree to the protocol an <see cref="OptimisticStream"/> had assumed.</summary>
public sealed class ProtocolRefusedException(string protocol, MultistreamVerdict verdict)
    : IOException($"The remote did not agree to {protocol}: {verdict}.")
{
    /// <summary>What the remote answered; <see cref="MultistreamVerdict.Refused"/> means it no longer speaks the protocol.</summary>
    public MultistreamVerdict Verdict { get; } = verdict;
}
