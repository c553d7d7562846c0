using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using OpSync.Codec.Primitives;

namespace OpSync.Codec.Keccak;

/// <summary>Keccak-256 of many messages of any lengths, several at a time in the lanes of vector registers.</summary>
/// <remarks>A lane whose message ends takes the next one at once. Messages are started longest first, so that the lanes come
/// to their end together. Allocates nothing; safe to call from any number of threads.</remarks>
public static unsafe class Keccak256Batch
{
    /// <summary>Messages ordered at a time; a larger batch is worked off in pieces of this size.</summary>
    private const int OrderedMax = 512;

    /// <summary>Hashes all messages.</summary>
    /// <param name="heads">Buffer of the first pieces.</param>
    /// <param name="bodies">Buffer of the second pieces.</param>
    /// <param name="messages">The messages; they may overlap.</param>
    /// <param name="hashes">One hash per message, in the same order.</param>
    /// <param name="backend">Instructions to use; the default is the best of this processor.</param>
    /// <exception cref="ArgumentException">A message lies outside its buffer, a head is a block or longer, there is too little
    /// room for the hashes, or the processor lacks the backend.</exception>
    public static void Hash(
        ReadOnlySpan<byte> heads,
        ReadOnlySpan<byte> bodies,
        ReadOnlySpan<KeccakMessage> messages,
        Span<Hash32> hashes,
        KeccakBackend backend = KeccakBackend.Auto)
    {
        if (hashes.Length < messages.Length) throw new ArgumentException("There is one hash per message.", nameof(hashes));
        if (!KeccakBackends.IsSupported(backend))
            throw new ArgumentException($"This processor has no {backend}.", nameof(backend));
        if (backend == KeccakBackend.Auto) backend = KeccakBackends.Best;

        // One message alone is hashed faster without lanes.
        if (messages.Length == 1) backend = KeccakBackend.Scalar;

        Span<ulong> order = stackalloc ulong[Math.Min(messages.Length, OrderedMax)];
        for (int start = 0; start < messages.Length; start += OrderedMax)
        {
            int count = Math.Min(OrderedMax, messages.Length - start);
            ReadOnlySpan<KeccakMessage> piece = messages.Slice(start, count);
            Span<Hash32> target = hashes.Slice(start, count);
            Order(piece, order[..count], heads.Length, bodies.Length);
            switch (backend)
            {
                case KeccakBackend.Avx512:
                    HashLanes<Vector512<ulong>, Avx512Lanes>(heads, bodies, piece, order[..count], target);
                    break;
                case KeccakBackend.Avx2:
                    HashLanes<Vector256<ulong>, Avx2Lanes>(heads, bodies, piece, order[..count], target);
                    break;
                default:
                    HashOneByOne(heads, bodies, piece, target);
                    break;
            }
        }
    }

    /// <summary>As the full form, for messages in one piece.</summary>
    public static void Hash(
        ReadOnlySpan<byte> source,
        ReadOnlySpan<KeccakMessage> messages,
        Span<Hash32> hashes,
        KeccakBackend backend = KeccakBackend.Auto) =>
        Hash([], source, messages, hashes, backend);

    // The pointers of the lanes are safe because every message was checked here.
    private static void Order(ReadOnlySpan<KeccakMessage> messages, Span<ulong> order, int headsLength, int bodiesLength)
    {
        for (int i = 0; i < messages.Length; i++)
        {
            KeccakMessage message = messages[i];
            if (message.HeadLength >= Keccak256.BlockSize
                || !IsInside(message.HeadOffset, message.HeadLength, headsLength)
                || !IsInside(message.BodyOffset, message.BodyLength, bodiesLength))
            {
                throw new ArgumentException(
                    $"{message} does not fit its buffers of {headsLength} and {bodiesLength} bytes.", nameof(messages));
            }

            order[i] = (ulong)(int.MaxValue - message.BlockCount) << 32 | (uint)i;
        }

        order.Sort();
    }

    private static bool IsInside(int offset, int length, int total) =>
        offset >= 0 && length >= 0 && (long)offset + length <= total;

    private static void HashOneByOne(
        ReadOnlySpan<byte> heads, ReadOnlySpan<byte> bodies, ReadOnlySpan<KeccakMessage> messages, Span<Hash32> hashes)
    {
        for (int i = 0; i < messages.Length; i++)
        {
            KeccakMessage m = messages[i];
            hashes[i] = Keccak256.Hash(heads.Slice(m.HeadOffset, m.HeadLength), bodies.Slice(m.BodyOffset, m.BodyLength));
        }
    }

    private static void HashLanes<TWord, T>(
        ReadOnlySpan<byte> heads,
        ReadOnlySpan<byte> bodies,
        ReadOnlySpan<KeccakMessage> messages,
        ReadOnlySpan<ulong> order,
        Span<Hash32> hashes)
        where TWord : unmanaged
        where T : struct, IKeccakBatchLanes<TWord>
    {
        TWord* state = stackalloc TWord[KeccakPermutation.Words];
        Lane* lanes = stackalloc Lane[T.Count];
        byte** blocks = stackalloc byte*[T.Count];
        byte* edges = stackalloc byte[T.Count * Keccak256.BlockSize];
        TWord keep = default;
        ulong* keepLanes = (ulong*)&keep;

        fixed (byte* head = heads)
        fixed (byte* body = bodies)
        {
            int next = 0;
            int active = 0;
            for (int i = 0; i < T.Count; i++)
            {
                lanes[i].Edge = blocks[i] = edges + i * Keccak256.BlockSize;
                if (next == order.Length) continue;
                lanes[i].Start((int)(uint)order[next], messages[(int)(uint)order[next]], head, body);
                blocks[i] = lanes[i].Take();
                next++;
                active++;
            }

            while (true)
            {
                T.Absorb(state, blocks, keep);
                KeccakPermutation.Permute<TWord, T>(ref *state);
                keep = T.Broadcast(ulong.MaxValue);

                for (int i = 0; i < T.Count; i++)
                {
                    ref Lane lane = ref lanes[i];
                    if (lane.BlocksLeft > 0)
                    {
                        blocks[i] = lane.Take();
                    }
                    else if (lane.IsBusy)
                    {
                        Read(state, i, T.Count, out hashes[lane.Message]);
                        lane.IsBusy = false;
                        active--;
                        if (next < order.Length)
                        {
                            lane.Start((int)(uint)order[next], messages[(int)(uint)order[next]], head, body);
                            blocks[i] = lane.Take();
                            keepLanes[i] = 0;
                            next++;
                            active++;
                        }
                    }
                }

                if (active == 0) return;
            }
        }
    }

    private static void Read(void* state, int lane, int count, out Hash32 hash)
    {
        ulong* words = (ulong*)state + lane;
        ReadOnlySpan<ulong> output = [words[0], words[count], words[2 * count], words[3 * count]];
        hash = new Hash32(MemoryMarshal.AsBytes(output));
    }

    /// <summary>Progress of one message. Whole blocks are read where they lie; the first one of a message with a head, and the
    /// last one with its padding, are put together in the lane's edge buffer.</summary>
    private struct Lane
    {
        public byte* Edge;
        public int Message;
        public int BlocksLeft;
        public bool IsBusy;

        private byte* _head;
        private int _headLength;
        private byte* _body;
        private int _bodyLength;

        public void Start(int index, in KeccakMessage message, byte* heads, byte* bodies)
        {
            Message = index;
            BlocksLeft = (int)message.BlockCount;
            IsBusy = true;
            _head = heads + message.HeadOffset;
            _headLength = message.HeadLength;
            _body = bodies + message.BodyOffset;
            _bodyLength = message.BodyLength;
        }

        public byte* Take()
        {
            if (--BlocksLeft == 0)
            {
                Keccak256.PadFinal(new(_head, _headLength), new(_body, _bodyLength), new(Edge, Keccak256.BlockSize));
                return Edge;
            }

            int fromBody = Keccak256.BlockSize - _headLength;
            byte* block = _body;
            if (_headLength > 0)
            {
                new ReadOnlySpan<byte>(_head, _headLength).CopyTo(new Span<byte>(Edge, Keccak256.BlockSize));
                new ReadOnlySpan<byte>(_body, fromBody).CopyTo(new Span<byte>(Edge + _headLength, fromBody));
                _headLength = 0;
                block = Edge;
            }

            _body += fromBody;
            _bodyLength -= fromBody;
            return block;
        }
    }
}
