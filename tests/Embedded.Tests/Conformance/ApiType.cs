namespace OpSync.Embedded.Tests.Conformance;

/// <summary>A member as text. <see cref="Constraints"/> is null where the source of the listing does not tell them.</summary>
internal sealed record ApiMember(string Signature, string? Constraints);

/// <summary>A type as text: name, kind with modifiers, base class (null for none worth naming), interfaces, members.</summary>
internal sealed class ApiType(string name, string kind, string? baseType, string[] interfaces)
{
    private static readonly string[] s_kinds = ["interface", "struct", "enum", "class", "sealed class", "abstract class", "static class", "delegate"];

    public string Name => name;

    public string Kind => kind;

    public string? BaseType => baseType;

    public IReadOnlyList<string> Interfaces => interfaces;

    public List<ApiMember> Members { get; } = [];

    public static bool IsHeader(string text) => s_kinds.Contains(text.Split(" : ")[0]);

    /// <summary>
    /// Reads <c>sealed class : Base, IFirst, ISecond</c>. By .NET habit an interface's name starts with I and an upper-case
    /// letter.
    /// </summary>
    public static ApiType FromHeader(string name, string header)
    {
        string[] parts = header.Split(" : ", 2);
        List<string> bases = parts.Length == 1 ? [] : SplitTopLevel(parts[1]);
        bool hasBase = parts[0].EndsWith("class", StringComparison.Ordinal) && bases.Count > 0 && !IsInterfaceName(bases[0]);
        return new ApiType(name, parts[0], hasBase ? bases[0] : null, [.. bases.Skip(hasBase ? 1 : 0)]);
    }

    private static bool IsInterfaceName(string fullName)
    {
        string plain = fullName.Split('<')[0];
        string last = plain[(plain.LastIndexOf('.') + 1)..];
        return last.Length > 1 && last[0] == 'I' && char.IsUpper(last[1]);
    }

    private static List<string> SplitTopLevel(string text)
    {
        var parts = new List<string>();
        int depth = 0, start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '<') depth++;
            if (text[i] == '>') depth--;
            if (text[i] != ',' || depth != 0) continue;
            parts.Add(text[start..i].Trim());
            start = i + 1;
        }

        parts.Add(text[start..].Trim());
        return parts;
    }
}
