using System.Globalization;

namespace OpSync.Abuse.Kit;

/// <summary>What the system says of a process.</summary>
/// <param name="Memory">Resident bytes.</param>
/// <param name="MemoryPeak">The most that was ever resident, in bytes.</param>
/// <param name="Sockets">Open sockets.</param>
/// <param name="Others">Other open files: libraries that the runtime loads when it first needs them, the store's.</param>
internal readonly record struct ProcessFigures(long Memory, long MemoryPeak, int Sockets, int Others)
{
    public static ProcessFigures Of(int processId)
    {
        string[] status = File.ReadAllLines($"/proc/{processId}/status");
        string[] files = Directory.GetFiles($"/proc/{processId}/fd");
        int sockets = files.Count(static f => new FileInfo(f).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);
        return new ProcessFigures(Kilobytes("VmRSS:") * 1024, Kilobytes("VmHWM:") * 1024, sockets, files.Length - sockets);

        long Kilobytes(string name) => long.Parse(
            status.First(l => l.StartsWith(name, StringComparison.Ordinal))[name.Length..^2].Trim(), CultureInfo.InvariantCulture);
    }

    public override string ToString() => $"{Memory >> 20} MiB resident, {Sockets} sockets, {Others} other descriptors";
}
