using System.Text;
using System.Text.RegularExpressions;

namespace OpSync.Cli.Configuration;

/// <summary>What form a setting's value has.</summary>
internal enum SettingKind
{
    Text,

    /// <summary>A file or directory; in a configuration file relative to that file.</summary>
    Path,

    /// <summary>Several texts: a list in a file, separated by commas elsewhere.</summary>
    List,

    Whole,

    Decimal,

    Switch,
}

/// <summary>One setting: its place in the configuration file, and the flag and the environment variable that follow from it.</summary>
/// <param name="Path">Names joined by dots; <c>[]</c> stands for the index of an entry.</param>
/// <param name="Kind">Form of its value.</param>
/// <param name="Default">What holds without it, for people.</param>
/// <param name="Meaning">What it is, for people.</param>
internal sealed record Setting(string Path, SettingKind Kind, string Default, string Meaning)
{
    /// <summary>True if it belongs to an entry of a list.</summary>
    public bool IsIndexed => Path.Contains("[]", StringComparison.Ordinal);

    /// <summary><c>--http-open-read</c>; settings of list entries have none of their own and take <c>--set</c>.</summary>
    public string Flag => "--" + Words('-').ToLowerInvariant();

    /// <summary><c>OPSYNC_HTTP_OPEN_READ</c>, <c>OPSYNC_CHAINS_0_PEERS</c>.</summary>
    public string Variable => "OPSYNC_" + Words('_').ToUpperInvariant().Replace("[]", "_N", StringComparison.Ordinal);

    /// <summary>The path that a variable of this setting names, or null if it is another's.</summary>
    public string? PathOf(string variable)
    {
        if (!IsIndexed) return variable == Variable ? Path : null;
        Match match = Regex.Match(variable, "^" + Variable.Replace("_N_", "_([0-9]{1,4})_", StringComparison.Ordinal) + "$");
        return match.Success ? Path.Replace("[]", $"[{match.Groups[1].Value}]", StringComparison.Ordinal) : null;
    }

    /// <summary>True if this is the setting of a path with indices.</summary>
    public bool Matches(string path) => Path == Regex.Replace(path, @"\[[0-9]{1,4}\]", "[]");

    private string Words(char separator)
    {
        StringBuilder words = new();
        foreach (char c in Path)
        {
            if (char.IsUpper(c) && words.Length > 0 && words[^1] != separator) words.Append(separator);
            words.Append(c == '.' ? separator : c);
        }

        return words.ToString();
    }
}
