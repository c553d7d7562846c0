namespace OpSync.K8s.Images;

/// <summary>One instruction of a Dockerfile.</summary>
/// <param name="Name">FROM, COPY and so on.</param>
/// <param name="Text">What follows, on one line.</param>
internal sealed record Instruction(string Name, string Text);

/// <summary>Reads Dockerfiles: comments dropped, continued lines joined.</summary>
internal static class Dockerfile
{
    public static IReadOnlyList<Instruction> Read(string text)
    {
        List<Instruction> instructions = [];
        string joined = "";
        foreach (string line in text.Split('\n').Where(l => !l.StartsWith('#')))
        {
            joined += line.TrimEnd('\\').Trim() + " ";
            if (line.EndsWith('\\')) continue;
            if (joined.Trim() is { Length: > 0 } whole)
            {
                int space = whole.IndexOf(' ', StringComparison.Ordinal);
                instructions.Add(new Instruction(whole[..space].ToUpperInvariant(), whole[(space + 1)..].Trim()));
            }

            joined = "";
        }

        return instructions;
    }
}
