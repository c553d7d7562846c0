namespace OpSync.Cli.Configuration;

/// <summary>A mistake in the configuration.</summary>
/// <param name="Path">The setting, as in <c>chains[0].peers</c>.</param>
/// <param name="Source">Where its value was given; empty if nowhere.</param>
/// <param name="Text">What is wrong and what would be right.</param>
internal sealed record ConfigProblem(string Path, string Source, string Text)
{
    public override string ToString() => Source.Length == 0 ? $"{Path}: {Text}" : $"{Path} ({Source}): {Text}";
}
