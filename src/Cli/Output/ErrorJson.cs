namespace OpSync.Cli.Output;

/// <summary>What <c>--json</c> prints of a command that failed before it had a result.</summary>
internal sealed record ErrorJson
{
    public required string Result { get; init; }

    public required string Reason { get; init; }
}
