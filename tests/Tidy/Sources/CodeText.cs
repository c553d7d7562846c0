namespace OpSync.Tidy.Sources;

/// <summary>A light view of C#: enough to find declarations and calls without being misled by comments and literals.</summary>
internal static class CodeText
{
    /// <summary>Blanks comments and the content of string and character literals. Offsets and lines stay as they are. Code inside
    /// an interpolation is blanked too.</summary>
    public static string Strip(string text)
    {
        char[] code = text.ToCharArray();
        for (int i = 0; i < code.Length;)
        {
            int end = EndOfComment(text, i);
            if (end > i)
            {
                Blank(code, i, end);
                i = end;
            }
            else if ((end = EndOfLiteral(text, i, out int quote)) > i)
            {
                Blank(code, quote + 1, end - 1);
                i = end;
            }
            else
            {
                i++;
            }
        }

        return new string(code);
    }

    /// <summary>The offset of the bracket that closes the one at <paramref name="open"/>, or the end of the text.</summary>
    public static int Closing(string code, int open)
    {
        char opening = code[open];
        char closing = opening switch { '(' => ')', '{' => '}', '[' => ']', _ => '>' };
        int depth = 0;
        for (int i = open; i < code.Length; i++)
        {
            if (code[i] == opening) depth++;
            else if (code[i] == closing && --depth == 0) return i;
        }

        return code.Length;
    }

    /// <summary>Returns <paramref name="start"/> where no comment begins.</summary>
    private static int EndOfComment(string text, int start)
    {
        if (text[start] != '/' || start + 1 == text.Length) return start;
        if (text[start + 1] == '/') return EndOr(text.IndexOf('\n', start), text.Length);
        return text[start + 1] == '*' ? EndOr(text.IndexOf("*/", start + 2, StringComparison.Ordinal) + 2, text.Length, 2) : start;
    }

    /// <summary>Returns <paramref name="start"/> where no literal begins; else its end, and where its first quote is.</summary>
    private static int EndOfLiteral(string text, int start, out int quote)
    {
        quote = start;
        if (text[start] == '\'') return EndOfQuoted(text, start, '\'');

        // A prefix is $, @ or both; a verbatim literal doubles its quotes, a raw one has three or more.
        int at = start;
        bool isVerbatim = false;
        for (; at < text.Length && text[at] is '$' or '@'; at++) isVerbatim |= text[at] == '@';
        if (at == text.Length || text[at] != '"') return start;

        quote = at;
        int quotes = 0;
        while (at + quotes < text.Length && text[at + quotes] == '"') quotes++;
        if (quotes >= 3)
            return EndOr(text.IndexOf(new string('"', quotes), at + quotes, StringComparison.Ordinal) + quotes, text.Length, quotes);
        if (!isVerbatim) return EndOfQuoted(text, at, '"');

        for (at++; at < text.Length; at++)
        {
            if (text[at] != '"') continue;
            if (at + 1 == text.Length || text[at + 1] != '"') return at + 1;
            at++;
        }

        return text.Length;
    }

    private static int EndOfQuoted(string text, int open, char quote)
    {
        for (int i = open + 1; i < text.Length && text[i] != '\n'; i++)
        {
            if (text[i] == '\\') i++;
            else if (text[i] == quote) return i + 1;
        }

        return open + 1;
    }

    private static int EndOr(int end, int otherwise, int notFound = 0) => end < notFound ? otherwise : end;

    private static void Blank(char[] code, int start, int end)
    {
        for (int i = start; i < end; i++)
        {
            if (code[i] != '\n') code[i] = ' ';
        }
    }
}
