using OpSync.Codec.OpStack;
using OpSync.Storage;

namespace OpSync.Cli.Local;

/// <summary>Opens data directories for a chain. A refusal is an <see cref="IOException"/> that says what to do.</summary>
internal static class LocalStore
{
    /// <summary>Opens for writing; there is one writer at a time.</summary>
    public static DataDirectory OpenWriter(string path, ChainSpec chain) => DataDirectory.OpenWriter(path, Identity(chain));

    /// <summary>Opens for reading, beside a writer or alone. The chain is the directory's own unless one is demanded.</summary>
    public static DataDirectory OpenReader(string path, ChainSpec? chain = null) =>
        DataDirectory.OpenReader(path, chain is null ? null : Identity(chain));

    private static ChainIdentity Identity(ChainSpec chain) => new(chain.ChainId, chain.Genesis.Hash);
}
