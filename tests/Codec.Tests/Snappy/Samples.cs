using System.Text;
using OpSync.TestKit;

namespace OpSync.Codec.Tests.Snappy;

/// <summary>Content of many shapes: what compresses, what does not, and every boundary of lengths.</summary>
internal static class Samples
{
    /// <summary>Lengths around the boundaries of literals, copies, fragments and vectors.</summary>
    public static readonly int[] Lengths =
        [0, 1, 2, 3, 4, 7, 15, 16, 17, 31, 59, 60, 61, 62, 64, 65, 127, 128, 255, 256, 257, 1_000, 4_095, 16_384,
         65_535, 65_536, 65_537, 131_072, 200_001];

    public static IEnumerable<byte[]> All()
    {
        Random random = Seeds.Create(101);
        foreach (int length in Lengths)
        {
            yield return random.NextBytes(length);
            yield return new byte[length];
            yield return Text(random, length);
            yield return Mixed(random, length);
            yield return Periodic(random, length, period: 1 + random.Next(20));
        }
    }

    /// <summary>Random words: many short matches at many distances.</summary>
    public static byte[] Text(Random random, int length)
    {
        string[] words = ["block", "payload", "a", "the", "sequencer", "of", "0x4200000000000000000000000000000000000015", "\n"];
        StringBuilder text = new();
        while (text.Length < length) text.Append(words[random.Next(words.Length)]).Append(' ');
        return Encoding.ASCII.GetBytes(text.ToString(0, length));
    }

    /// <summary>Runs of random bytes, of zeros and of earlier content: the shape of a block.</summary>
    public static byte[] Mixed(Random random, int length)
    {
        byte[] bytes = new byte[length];
        for (int at = 0; at < length;)
        {
            int run = Math.Min(1 + random.Next(300), length - at);
            Span<byte> target = bytes.AsSpan(at, run);
            int kind = random.Next(4);
            if (kind == 0) target.Clear();
            else if (kind == 1 && at >= run) bytes.AsSpan(random.Next(at - run + 1), run).CopyTo(target);
            else random.NextBytes(target);
            at += run;
        }

        return bytes;
    }

    private static byte[] Periodic(Random random, int length, int period)
    {
        byte[] pattern = random.NextBytes(period);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) bytes[i] = pattern[i % period];
        return bytes;
    }
}
