namespace OpSync.Libp2p.Multistream;

/// <summary>Outcome of a negotiation; <paramref name="Protocol"/> is set exactly where something was selected.</summary>
public readonly record struct MultistreamResult(MultistreamVerdict Verdict, string? Protocol)
{
    /// <summary>Whether there is a protocol to speak.</summary>
    public bool IsSelected => Verdict == MultistreamVerdict.Selected;
}
