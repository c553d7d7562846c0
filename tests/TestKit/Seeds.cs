using System.Globalization;

namespace OpSync.TestKit;

/// <summary>Random generators whose every run can be repeated.</summary>
/// <remarks>The seed is fixed unless <c>OPSYNC_SEED</c> is set, which shifts all of them: a long run sets it to new values, a
/// replay to the value that failed.</remarks>
public static class Seeds
{
    /// <summary>Name of the environment variable that shifts all seeds.</summary>
    public const string Variable = "OPSYNC_SEED";

    /// <summary>What <see cref="Variable"/> holds, 0 where it is not set.</summary>
    public static int Shift { get; } =
        int.TryParse(Environment.GetEnvironmentVariable(Variable), CultureInfo.InvariantCulture, out int shift) ? shift : 0;

    /// <summary>A generator of its own for each number, so that tests do not disturb each other's sequence.</summary>
    public static Random Create(int number) => new(unchecked(number * 0x01000193 ^ Shift));

    /// <summary>What a failing assertion should say, to be run again.</summary>
    public static string Describe(int number) => $"number {number} with {Variable}={Shift}";

    /// <summary>That many random bytes.</summary>
    public static byte[] NextBytes(this Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
