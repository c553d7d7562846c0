using System.Buffers;
using OpSync.Codec.Archive;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Sync.Ports;

namespace OpSync.Cli.Local;

/// <summary>Reads an export file block by block; each block is decoded, hashed and linked to the one before it.</summary>
internal sealed class ArchiveReader : IDisposable
{
    private readonly Stream _stream;
    private readonly PayloadResponseReader _reader;
    private readonly byte[] _head = new byte[ArchiveHeader.Size];
    private ulong _next;
    private Hash32? _parent;

    private ArchiveReader(Stream stream, PayloadResponseReader reader)
    {
        _stream = stream;
        _reader = reader;
    }

    public ArchiveHeader Header { get; private set; }

    /// <summary>Opens a file of this chain.</summary>
    public static ArchiveReader Open(string path, ChainSpec chain) => Open(
        new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20), path, chain, new PayloadResponseReader(chain));

    /// <summary>Reads a file of this chain that is open already; the stream is closed with the reader.</summary>
    public static ArchiveReader Open(Stream stream, string path, ChainSpec chain, PayloadResponseReader payloads)
    {
        ArchiveReader reader = new(stream, payloads);
        if (!reader.TryFill(ArchiveHeader.Size) || ArchiveHeader.Read(reader._head, out ArchiveHeader header) != OperationStatus.Done)
        {
            reader.Dispose();
            throw new IOException($"'{path}' is not an OpSync export file of a version this program knows.");
        }

        if (header.ChainId != chain.ChainId || header.GenesisHash != chain.Genesis.Hash)
        {
            reader.Dispose();
            throw new IOException($"'{path}' holds blocks of chain {header.ChainId} with genesis {header.GenesisHash}, not of chain {chain.ChainId}.");
        }

        reader.Header = header;
        reader._next = header.First;
        return reader;
    }

    /// <summary>Starts again at the first block. The file stays open, so that it is the same file.</summary>
    public void Rewind()
    {
        _stream.Position = ArchiveHeader.Size;
        _next = Header.First;
        _parent = null;
    }

    /// <summary>The next block, or null after the last.</summary>
    public StoredBlock? Read()
    {
        if (_next > Header.Last) return _stream.Position == _stream.Length ? null : throw Broken("bytes follow the last block");
        if (!TryFill(ArchiveRecord.Size)) throw Broken("the file ends early");
        if (ArchiveRecord.Read(_head, PayloadByNumber.SizeMax, out ArchiveRecord record) != OperationStatus.Done) throw Broken("a record is malformed");
        if (record.Number != _next) throw Broken($"the file has height {record.Number} in its place");
        if (record.HasSignature) Take(ArchiveRecord.SignatureSize);   // not kept: nothing here can verify it yet
        byte[] wire = Take(record.PayloadSize);
        PayloadFault fault = _reader.Read(wire, record.Number, out BlockFacts facts);
        if (fault != PayloadFault.None) throw Broken($"it does not decode: {fault}");
        if (_parent is { } parent && facts.ParentHash != parent) throw Broken($"it names parent {facts.ParentHash}, below it lies {parent}");
        _parent = facts.Hash;
        _next++;
        return new StoredBlock(facts.Number, facts.Hash, facts.ParentHash, facts.Timestamp, _reader.ToWire(wire));
    }

    public void Dispose() => _stream.Dispose();

    private IOException Broken(string problem) => new($"Height {_next} of the export file: {problem}. Nothing of the file was taken.");

    private bool TryFill(int count) => _stream.ReadAtLeast(_head.AsSpan(0, count), count, throwOnEndOfStream: false) == count;

    private byte[] Take(int count)
    {
        // Asked before the memory is taken: a broken length is not worth 10 MiB.
        if (count > _stream.Length - _stream.Position) throw Broken("the file ends early");
        byte[] bytes = new byte[count];
        _stream.ReadExactly(bytes);
        return bytes;
    }
}
