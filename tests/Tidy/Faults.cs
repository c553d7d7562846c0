using Xunit;

namespace OpSync.Tidy;

/// <summary>Fails with every fault in full, one a line.</summary>
internal static class Faults
{
    public static void None(IEnumerable<string> faults)
    {
        string[] all = [.. faults];
        if (all.Length > 0) Assert.Fail(string.Join('\n', all));
    }
}
