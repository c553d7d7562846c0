namespace OpSync.Embedded.Tests.Conformance;

/// <summary>Compares a listing that must be a subset with the listings it must be a subset of.</summary>
/// <param name="assemblies">Listings of the real assemblies, which tell all; the first that has a type decides.</param>
/// <param name="table">Signatures of types that are in none of them; it tells neither constraints nor init accessors.</param>
internal sealed class Comparison(IReadOnlyList<ApiListing> assemblies, ApiListing table)
{
    /// <summary>Everything in which the subset differs.</summary>
    public List<string> Differences { get; } = [];

    /// <summary>Members found and equal.</summary>
    public int MembersEqual { get; private set; }

    public void Check(ApiType ours)
    {
        ApiType? theirs = assemblies.Select(a => a.Types.GetValueOrDefault(ours.Name)).FirstOrDefault(t => t is not null);
        if (theirs is not null) Compare(ours, theirs, exact: true);
        else if (table.Types.TryGetValue(ours.Name, out theirs)) Compare(ours, theirs, exact: false);
        else if (!IsOnlyNamed(ours)) Differences.Add($"{ours.Name}: there is no such type.");
    }

    /// <summary>
    /// A type that known signatures use and nobody lists is there; nothing but its bare existence can be checked.
    /// </summary>
    private bool IsOnlyNamed(ApiType ours) => ours.Members.All(m => m.Signature == ".ctor()")
        && table.Types.Values.Any(t => t.Members.Any(m => m.Signature.Contains(ours.Name, StringComparison.Ordinal)));

    private void Compare(ApiType ours, ApiType theirs, bool exact)
    {
        if (ours.Kind != theirs.Kind) Differences.Add($"{ours.Name}: is a {ours.Kind}, not a {theirs.Kind}.");
        if (ours.BaseType != theirs.BaseType) Differences.Add($"{ours.Name}: derives from {ours.BaseType ?? "nothing"}, not {theirs.BaseType ?? "nothing"}.");
        foreach (string extra in ours.Interfaces.Except(theirs.Interfaces)) Differences.Add($"{ours.Name}: implements {extra}.");
        foreach (ApiMember member in ours.Members)
        {
            string signature = exact ? member.Signature : member.Signature.Replace(" init; }", " set; }", StringComparison.Ordinal);
            ApiMember? real = theirs.Members.FirstOrDefault(m => m.Signature == signature);
            if (real is null) Differences.Add($"{ours.Name}: there is no {signature}.");
            else if (exact && (real.Constraints ?? "") != (member.Constraints ?? ""))
                Differences.Add($"{ours.Name}: {signature} has the constraints '{real.Constraints}', not '{member.Constraints}'.");
            else MembersEqual++;
        }
    }
}
