using System.Text.RegularExpressions;
using OpSync.Tidy.Sources;

namespace OpSync.Tidy.Grains;

/// <summary>Which grain may call which, so that no chain of awaited calls can close into a circle.</summary>
/// <remarks>
/// A scan of the source: it finds each <c>GetGrain&lt;T&gt;</c>, says whose it is by the grain class of the file or else by the
/// file's folder, and for one-way arrows follows the reference to the methods called on it. It reads code as this repository
/// writes it and is no proof: a reference that travels through an untyped variable escapes it.
/// </remarks>
internal static partial class CallTable
{
    /// <summary>Grain to the grain interfaces it may await, and those it may only notify.</summary>
    private static readonly Dictionary<string, (string[] Awaited, string[] OneWay)> Arrows = new()
    {
        ["ChainGrain"] = (["ISyncRangeGrain"], []),
        ["SyncRangeGrain"] = (["IPeerGrain", "IBlockGrain"], ["IChainGrain"]),
        ["PeerGrain"] = ([], ["ISyncRangeGrain", "IChainGrain", "IClusterGrain"]),
        ["BlockGrain"] = ([], ["ISyncRangeGrain"]),
        ["BlockReaderGrain"] = ([], []),
        ["ServeShareGrain"] = ([], []),
        ["ClusterGrain"] = ([], []),
    };

    /// <summary>Whose helpers a folder of src/Grains holds. What lies in another folder, such as Hosting, runs outside of
    /// grains.</summary>
    private static readonly Dictionary<string, string> OwnersOfFolders = new()
    {
        ["Chains"] = "ChainGrain",
        ["Ranges"] = "SyncRangeGrain",
        ["Peers"] = "PeerGrain",
        ["Blocks"] = "BlockGrain",
        ["Serving"] = "ServeShareGrain",
        ["Cluster"] = "ClusterGrain",
    };

    /// <summary>Calls that the table does not have.</summary>
    /// <param name="grains">The sources of src/Grains.</param>
    /// <param name="contracts">The sources of src/Contracts, which say which methods are one-way.</param>
    public static IEnumerable<string> ForbiddenCalls(IEnumerable<SourceFile> grains, IEnumerable<SourceFile> contracts)
    {
        HashSet<string> oneWay = [.. contracts.SelectMany(OneWayMethods)];
        foreach (SourceFile file in grains)
        {
            string[] classes = [.. GrainClass().Matches(file.Code).Select(m => m.Groups[1].Value)];
            foreach (string unknown in classes.Where(c => !Arrows.ContainsKey(c)))
                yield return $"{file.Path}: {unknown} is not in the call table.";

            string? owner = classes.FirstOrDefault(Arrows.ContainsKey)
                ?? (file.Parts.Length > 2 ? OwnersOfFolders.GetValueOrDefault(file.Parts[2]) : null);
            if (owner is null) continue;
            foreach (string fault in FaultsOf(file, owner, oneWay)) yield return fault;
        }
    }

    private static IEnumerable<string> FaultsOf(SourceFile file, string owner, HashSet<string> oneWay)
    {
        (string[] awaited, string[] notified) = Arrows[owner];
        foreach (Match match in GetGrain().Matches(file.Code))
        {
            string target = match.Groups[1].Value;
            if (!awaited.Contains(target) && !notified.Contains(target))
                yield return $"{file.Path}:{file.LineOf(match.Index)}: {owner} must not call {(target.Length > 0 ? target : "an unnamed grain")}.";
        }

        foreach (string target in notified)
        {
            foreach ((int offset, string method) in CallsOf(file.Code, target))
            {
                string where = $"{file.Path}:{file.LineOf(offset)}: {owner}";
                if (!oneWay.Contains($"{target}.{method}")) yield return $"{where} calls {target}.{method}, which is not [OneWay].";
                if (IsAwaited(file.Code, offset)) yield return $"{where} awaits {target}.{method}.";
            }
        }
    }

    /// <summary>Methods called on references of that interface: fresh ones, and what is declared with its type or assigned from
    /// GetGrain.</summary>
    private static IEnumerable<(int Offset, string Method)> CallsOf(string code, string target)
    {
        HashSet<string> names = [.. Regex.Matches(code, $@"\b{target}\??\s+(\w+)").Select(m => m.Groups[1].Value)];
        names.UnionWith(Regex.Matches(code, $@"\bvar\s+(\w+)\s*=\s*[\w.]*GetGrain\s*<\s*{target}\s*>").Select(m => m.Groups[1].Value));

        string receivers = string.Join('|', names.Append($@"GetGrain\s*<\s*{target}\s*>"));
        foreach (Match match in Regex.Matches(code, $@"(?<![\w<])(?:{receivers})(?!\w)"))
        {
            int at = match.Index + match.Length;
            if (at < code.Length && code[at] == '(') at = CodeText.Closing(code, at) + 1;   // a helper method, or GetGrain itself
            Match call = MemberCall().Match(code, Math.Min(at, code.Length));
            if (call.Success) yield return (match.Index, call.Groups[1].Value);
        }
    }

    /// <summary>An await between the start of the statement and the call.</summary>
    private static bool IsAwaited(string code, int offset)
    {
        int start = code.AsSpan(0, offset).LastIndexOfAny(";{}") + 1;
        return Await().IsMatch(code.AsSpan(start, offset - start));
    }

    /// <summary>Interface.Method for each method that carries the attribute.</summary>
    private static IEnumerable<string> OneWayMethods(SourceFile file)
    {
        foreach (Match type in GrainInterface().Matches(file.Code))
        {
            int open = file.Code.IndexOf('{', type.Index);
            if (open < 0) continue;
            string body = file.Code[open..CodeText.Closing(file.Code, open)];
            foreach (Match method in OneWayMethod().Matches(body)) yield return $"{type.Groups[1].Value}.{method.Groups[1].Value}";
        }
    }

    [GeneratedRegex(@"\bclass\s+(\w+Grain)\b")]
    private static partial Regex GrainClass();

    [GeneratedRegex(@"\bGetGrain\s*(?:<\s*([\w.]+)\s*>)?\s*\(")]
    private static partial Regex GetGrain();

    [GeneratedRegex(@"\binterface\s+(I\w+Grain)\b")]
    private static partial Regex GrainInterface();

    [GeneratedRegex(@"\[[^\]]*\bOneWay\b[^\]]*\]\s*(?:\[[^\]]*\]\s*)*(?:Task|ValueTask)\s+(\w+)\s*\(")]
    private static partial Regex OneWayMethod();

    [GeneratedRegex(@"\G\s*[?!]?\s*\.\s*(\w+)\s*\(")]
    private static partial Regex MemberCall();

    [GeneratedRegex(@"\bawait\b")]
    private static partial Regex Await();
}
