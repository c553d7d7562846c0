using System.Security.Cryptography;
using OpSync.Libp2p.Crypto;

namespace OpSync.Libp2p.Noise;

/// <summary>The XX pattern as a state machine over spans, without I/O: e; e, ee, s, es; s, se. Noise specification, section 7.5.</summary>
/// <remarks>
/// The owner writes and reads the three messages in turn, starting with the initiator's, and splits afterwards. A call out of
/// turn is a bug and throws; a bad message is false and ends the handshake. Owns the ephemeral key, not the static one.
/// </remarks>
internal sealed class XxHandshake(bool initiator, DhKeyPair local, DhKeyPair ephemeral, ReadOnlySpan<byte> prologue = default) : IDisposable
{
    /// <summary>Messages of the pattern.</summary>
    public const int Messages = 3;

    /// <summary>Most bytes a message adds to its payload: two keys and two tags, in the second.</summary>
    public const int OverheadMax = (2 * X25519.KeySize) + (2 * CipherState.TagSize);

    private readonly SymmetricState _state = new(prologue);
    private readonly byte[] _remoteEphemeral = new byte[X25519.KeySize];
    private readonly byte[] _remoteStatic = new byte[X25519.KeySize];
    private int _message;

    /// <summary>The remote's static key, once its message has been read.</summary>
    public ReadOnlySpan<byte> RemoteStatic => _remoteStatic;

    /// <summary>Hash of the whole handshake, equal on both sides.</summary>
    public ReadOnlySpan<byte> Hash => _state.Hash;

    /// <summary>Writes the next message. False only where the remote's key gives an all-zero secret.</summary>
    /// <param name="payload">Sent in the clear in the first message, encrypted in the others.</param>
    /// <param name="target">Room for the payload and <see cref="OverheadMax"/>.</param>
    /// <param name="size">Bytes written.</param>
    public bool TryWrite(ReadOnlySpan<byte> payload, Span<byte> target, out int size)
    {
        Turn(writing: true);
        size = 0;
        bool ok = true;
        switch (_message++)
        {
            case 0:
                WriteEphemeral(target, ref size);
                break;
            case 1:
                WriteEphemeral(target, ref size);
                ok = Mix(ephemeral, _remoteEphemeral);                       // ee
                size += _state.EncryptAndHash(local.PublicKey, target[size..]);
                ok = ok && Mix(local, _remoteEphemeral);                     // es, seen from the responder
                break;
            default:
                size += _state.EncryptAndHash(local.PublicKey, target);
                ok = Mix(local, _remoteEphemeral);                           // se, seen from the initiator
                break;
        }

        if (ok) size += _state.EncryptAndHash(payload, target[size..]);
        return ok;
    }

    /// <summary>Reads the next message; <paramref name="payload"/> is at least as long as the message.</summary>
    public bool TryRead(ReadOnlySpan<byte> message, Span<byte> payload, out int size)
    {
        Turn(writing: false);
        size = 0;
        bool ok = _message++ switch
        {
            0 => TryReadEphemeral(ref message),
            1 => TryReadEphemeral(ref message)
                && Mix(ephemeral, _remoteEphemeral)                          // ee
                && TryReadStatic(ref message)
                && Mix(ephemeral, _remoteStatic),                            // es, seen from the initiator
            _ => TryReadStatic(ref message) && Mix(ephemeral, _remoteStatic),   // se, seen from the responder
        };
        if (!ok || message.Length < _state.Overhead) return false;
        size = message.Length - _state.Overhead;
        return _state.TryDecryptAndHash(message, payload[..size]);
    }

    /// <summary>The transport ciphers of this side, after the third message.</summary>
    public (CipherState Send, CipherState Receive) Split()
    {
        if (_message != Messages) throw new InvalidOperationException("The handshake is not complete.");
        (CipherState forth, CipherState back) = _state.Split();
        return initiator ? (forth, back) : (back, forth);
    }

    public void Dispose()
    {
        _state.Dispose();
        ephemeral.Dispose();
    }

    private void Turn(bool writing)
    {
        if (_message >= Messages || (_message % 2 == 0) != (initiator == writing))
            throw new InvalidOperationException($"Message {_message} is not {(writing ? "written" : "read")} by this side.");
    }

    private void WriteEphemeral(Span<byte> target, ref int size)
    {
        ephemeral.PublicKey.CopyTo(target);
        _state.MixHash(ephemeral.PublicKey);
        size += X25519.KeySize;
    }

    private bool TryReadEphemeral(ref ReadOnlySpan<byte> message)
    {
        if (message.Length < X25519.KeySize) return false;
        message[..X25519.KeySize].CopyTo(_remoteEphemeral);
        message = message[X25519.KeySize..];
        _state.MixHash(_remoteEphemeral);
        return true;
    }

    private bool TryReadStatic(ref ReadOnlySpan<byte> message)
    {
        int size = X25519.KeySize + _state.Overhead;
        if (message.Length < size || !_state.TryDecryptAndHash(message[..size], _remoteStatic)) return false;
        message = message[size..];
        return true;
    }

    private bool Mix(DhKeyPair own, ReadOnlySpan<byte> remote)
    {
        Span<byte> shared = stackalloc byte[X25519.KeySize];
        bool ok = own.TryAgree(remote, shared);
        if (ok) _state.MixKey(shared);
        CryptographicOperations.ZeroMemory(shared);
        return ok;
    }
}
