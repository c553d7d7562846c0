using System.Diagnostics.CodeAnalysis;
using OpSync.Libp2p.Streams;

namespace OpSync.Libp2p.Swarms;

/// <summary>Outcome of opening a stream. The caller owns the stream and disposes it.</summary>
/// <param name="Outcome">What happened.</param>
/// <param name="Stream">The open stream.</param>
/// <param name="Protocol">The protocol id that was chosen.</param>
public readonly record struct OpenResult(OpenOutcome Outcome, Libp2pStream? Stream, string? Protocol)
{
    /// <summary>Whether there is a stream.</summary>
    [MemberNotNullWhen(true, nameof(Stream), nameof(Protocol))]
    public bool IsOpened => Outcome == OpenOutcome.Opened;
}
