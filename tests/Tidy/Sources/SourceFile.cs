namespace OpSync.Tidy.Sources;

/// <summary>A text file of the repository.</summary>
/// <param name="Path">Path below the root, with forward slashes.</param>
/// <param name="Text">Content.</param>
internal sealed record SourceFile(string Path, string Text)
{
    private string? _code;

    /// <summary>The content as C# without comments and without what stands in literals; lines stay where they are.</summary>
    public string Code => _code ??= CodeText.Strip(Text);

    /// <summary>Folder names and file name.</summary>
    public string[] Parts => Path.Split('/');

    /// <summary>1-based line of an offset.</summary>
    public int LineOf(int offset) => Text.AsSpan(0, offset).Count('\n') + 1;
}
