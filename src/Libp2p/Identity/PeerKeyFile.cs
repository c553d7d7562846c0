using System.Security.Cryptography;
using System.Text;
using OpSync.Codec.Primitives;

namespace OpSync.Libp2p.Identity;

/// <summary>Reads and writes the file that holds an identity's private key.</summary>
internal static class PeerKeyFile
{
    /// <summary>Longest file read, in bytes: an RSA key message in base64 fits, so that its kind can be named in the refusal.</summary>
    private const int SizeMax = 16_384;

    public static KeyFileFault TryRead(string path, out PeerIdentity? identity)
    {
        identity = null;
        byte[] bytes;
        try
        {
            using FileStream file = File.OpenRead(path);
            if (file.Length > SizeMax) return KeyFileFault.Unreadable;
            bytes = new byte[file.Length];
            file.ReadExactly(bytes);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return KeyFileFault.NotFound;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return KeyFileFault.Unreadable;
        }

        string text = Encoding.UTF8.GetString(bytes).Trim();
        CryptographicOperations.ZeroMemory(bytes);
        Span<byte> key = stackalloc byte[PeerIdentity.PrivateKeySize];
        if (Hex.TryDecodeExact(text, key))
            return PeerIdentity.TryFromPrivateKey(KeyType.Secp256k1, key, out identity) ? KeyFileFault.None : KeyFileFault.Malformed;

        byte[] message = new byte[text.Length];
        return Convert.TryFromBase64String(text, message, out int written)
            ? PeerIdentity.TryRead(message.AsSpan(0, written), out identity)
            : KeyFileFault.Malformed;
    }

    public static void Write(string path, string text)
    {
        // Written beside its place and renamed: a crash leaves no half key that a later start would trip over.
        string full = Path.GetFullPath(path);
        string draft = $"{full}.{Guid.NewGuid():n}.tmp";
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            using (FileStream file = new(draft, options))
            {
                file.Write(Encoding.ASCII.GetBytes(text + "\n"));
                file.Flush(flushToDisk: true);
            }

            File.Move(draft, full, overwrite: false);
        }
        finally
        {
            File.Delete(draft);
        }
    }
}
