using System.Buffers.Binary;
using OpSync.Libp2p.Noise;
using OpSync.Libp2p.Tests.Multistream;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Libp2p.Tests.Noise;

public sealed class SecureChannelTests
{
    private static readonly byte[] s_forth = [.. Enumerable.Repeat((byte)1, 32)];
    private static readonly byte[] s_back = [.. Enumerable.Repeat((byte)2, 32)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, 100_000, int.MaxValue)]
    [InlineData(2, 1_000, 3)]
    [InlineData(3, 65_536, 1_500)]
    [InlineData(4, 17, 17)]
    [InlineData(5, 200_000, 65_537)]
    public async Task Writes_of_every_size_arrive_whole_however_they_are_cut(int seed, int capacity, int readSizeMax)
    {
        Random random = Seeds.Create(40 + seed);
        InMemoryDuplex pair = new(capacity, readSizeMax);
        await using SecureChannel left = Left(pair.Left), right = Right(pair.Right);
        byte[] sent = random.NextBytes(600_000);
        int bound = readSizeMax < 100 ? 30_000 : sent.Length;   // tiny reads take long enough for a part of it

        Task writing = WriteAllAsync();
        byte[] received = new byte[bound];
        for (int at = 0; at < bound;)
        {
            ReadOnlyMemory<byte> plaintext = await right.ReadAsync(Token);
            Assert.InRange(plaintext.Length, 1, SecureChannel.PlaintextMax);
            plaintext.CopyTo(received.AsMemory(at));
            at += plaintext.Length;
        }

        await writing;
        Assert.Equal(sent[..bound], received);
        pair.Left.CloseWrite();
        Assert.True((await right.ReadAsync(Token)).IsEmpty);
        Assert.True((await right.ReadAsync(Token)).IsEmpty);

        async Task WriteAllAsync()
        {
            int[] lengths = [0, 1, 12, SecureChannel.PlaintextMax - 1, SecureChannel.PlaintextMax, SecureChannel.PlaintextMax + 1, 200_000];
            for (int at = 0, i = 0; at < bound; i++)
            {
                int length = Math.Min(i < lengths.Length ? lengths[i] : random.Next(40_000), bound - at);
                int head = random.Next(3) switch { 0 => 0, 1 => Math.Min(12, length), _ => random.Next(length + 1) };
                await left.WriteAsync(sent.AsMemory(at, head), sent.AsMemory(at + head, length - head), Token);
                at += length;
            }
        }
    }

    [Theory]
    [InlineData(0, 0, new int[0])]
    [InlineData(12, 0, new[] { 12 })]
    [InlineData(0, 12, new[] { 12 })]
    [InlineData(12, 65_507, new[] { 65_519 })]
    [InlineData(12, 65_508, new[] { 65_519, 1 })]
    [InlineData(70_000, 70_000, new[] { 65_519, 65_519, 8_962 })]
    public async Task Head_and_body_share_as_few_frames_as_possible(int head, int body, int[] frames)
    {
        InMemoryDuplex pair = new(capacity: 1_000_000);
        await using SecureChannel left = Left(pair.Left);
        await left.WriteAsync(new byte[head], new byte[body], Token);
        foreach (int frame in frames)
        {
            byte[] length = new byte[2];
            await pair.Right.ReadExactlyAsync(length, Token);
            Assert.Equal(frame + 16, BinaryPrimitives.ReadUInt16BigEndian(length));
            await pair.Right.ReadExactlyAsync(new byte[frame + 16], Token);
        }

        Assert.Equal(0, pair.Right.Available);
    }

    [Fact]
    public async Task Large_write_goes_out_in_bounded_batches_of_frames()
    {
        InMemoryDuplex pair = new(capacity: 2_000_000);
        RecordingStream recorded = new(pair.Left);
        await using SecureChannel left = Left(recorded);
        await left.WriteAsync(new byte[12], new byte[1_000_000], Token);
        Assert.Equal(4, recorded.Writes.Count);
        Assert.All(recorded.Writes, write => Assert.InRange(write.Length, 1, SecureChannel.SendBufferMax));
    }

    [Fact]
    public async Task Frames_of_one_transport_read_are_served_without_waiting()
    {
        InMemoryDuplex pair = new();
        await using SecureChannel left = Left(pair.Left), right = Right(pair.Right);
        for (int i = 0; i < 5; i++) await left.WriteAsync(default, new[] { (byte)i }, Token);
        Assert.Equal([0], (await right.ReadAsync(Token)).ToArray());
        Assert.Equal(0, pair.Right.Available);
        for (int i = 1; i < 5; i++)
        {
            ValueTask<ReadOnlyMemory<byte>> next = right.ReadAsync(Token);
            Assert.True(next.IsCompletedSuccessfully);
            Assert.Equal([(byte)i], (await next).ToArray());
        }
    }

    [Fact]
    public async Task Any_changed_byte_ends_the_channel_before_its_frame_is_seen()
    {
        byte[] frames = await SealAsync([10, 20, 30]);
        for (int at = 0; at < frames.Length; at++)
        {
            byte[] changed = [.. frames];
            changed[at] ^= 0x40;
            int frame = at < 28 ? 0 : at < 28 + 38 ? 1 : 2;
            (List<byte[]> seen, IOException? fault) = await ReadAllAsync(changed);
            Assert.Equal(frame, seen.Count);
            SecureChannelException broken = Assert.IsType<SecureChannelException>(fault);
            Assert.Contains(broken.Fault, (ChannelFault[])[ChannelFault.BadTag, ChannelFault.Truncated]);
        }
    }

    [Fact]
    public async Task End_inside_a_frame_is_truncation_and_between_frames_the_end()
    {
        byte[] frames = await SealAsync([10, 20]);
        for (int size = 0; size <= frames.Length; size++)
        {
            (List<byte[]> seen, IOException? fault) = await ReadAllAsync(frames[..size]);
            Assert.Equal(size < 28 ? 0 : size < frames.Length ? 1 : 2, seen.Count);
            if (size is 0 or 28 || size == frames.Length) Assert.Null(fault);
            else Assert.Equal(ChannelFault.Truncated, Assert.IsType<SecureChannelException>(fault).Fault);
        }
    }

    [Fact]
    public async Task Repeated_swapped_or_dropped_frames_end_the_channel()
    {
        byte[] frames = await SealAsync([10, 10]);
        byte[] first = frames[..28], second = frames[28..];
        foreach ((byte[] bytes, int good) in ((byte[], int)[])[([.. first, .. first], 1), ([.. second, .. first], 0), (second, 0)])
        {
            (List<byte[]> seen, IOException? fault) = await ReadAllAsync(bytes);
            Assert.Equal(good, seen.Count);
            Assert.Equal(ChannelFault.BadTag, Assert.IsType<SecureChannelException>(fault).Fault);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    public async Task Frame_without_room_for_its_tag_ends_the_channel(int length)
    {
        byte[] bytes = new byte[2 + length];
        bytes[1] = (byte)length;
        (List<byte[]> seen, IOException? fault) = await ReadAllAsync(bytes);
        Assert.Empty(seen);
        Assert.Equal(ChannelFault.FrameTooShort, Assert.IsType<SecureChannelException>(fault).Fault);
    }

    [Fact]
    public async Task Empty_frames_are_passed_over_and_do_not_look_like_the_end()
    {
        using CipherState sender = new(s_forth);
        byte[] bytes = new byte[18 + 18 + 19];
        for (int i = 0; i < 2; i++)
        {
            bytes[(18 * i) + 1] = 16;
            Assert.True(sender.TryEncrypt([], bytes.AsSpan((18 * i) + 2, 16)));
        }

        bytes[37] = 17;
        Assert.True(sender.TryEncrypt([42], bytes.AsSpan(38)));
        (List<byte[]> seen, IOException? fault) = await ReadAllAsync(bytes);
        Assert.Null(fault);
        Assert.Equal([42], Assert.Single(seen));
    }

    [Fact]
    public async Task Counter_at_its_end_closes_both_directions()
    {
        InMemoryDuplex pair = new();
        await using SecureChannel left = new(pair.Left, new(s_forth, CipherState.CounterEnd - 1), new(s_back));
        await using SecureChannel right = new(pair.Right, new(s_back), new(s_forth, CipherState.CounterEnd - 1));
        await left.WriteAsync(default, new byte[] { 1 }, Token);
        Assert.Equal([1], (await right.ReadAsync(Token)).ToArray());

        SecureChannelException fault = await Assert.ThrowsAsync<SecureChannelException>(() => left.WriteAsync(default, new byte[] { 2 }, Token).AsTask());
        Assert.Equal(ChannelFault.CounterExhausted, fault.Fault);
        fault = await Assert.ThrowsAsync<SecureChannelException>(() => left.WriteAsync(default, new byte[] { 2 }, Token).AsTask());
        Assert.Equal(ChannelFault.WriteBroken, fault.Fault);

        await pair.Left.WriteAsync((await SealAsync([1])).AsMemory(), Token);
        fault = await Assert.ThrowsAsync<SecureChannelException>(() => right.ReadAsync(Token).AsTask());
        Assert.Equal(ChannelFault.CounterExhausted, fault.Fault);
    }

    [Fact]
    public async Task Broken_channel_stays_broken()
    {
        InMemoryDuplex pair = new();
        await using SecureChannel right = Right(pair.Right);
        await pair.Left.WriteAsync(new byte[100], Token);
        for (int i = 0; i < 2; i++)
        {
            SecureChannelException fault = await Assert.ThrowsAsync<SecureChannelException>(() => right.ReadAsync(Token).AsTask());
            Assert.Equal(ChannelFault.FrameTooShort, fault.Fault);
        }
    }

    [Fact]
    public async Task Cancelled_read_loses_nothing()
    {
        InMemoryDuplex pair = new();
        await using SecureChannel right = Right(pair.Right);
        byte[] frames = await SealAsync([10, 20]);
        await pair.Left.WriteAsync(frames.AsMemory(0, 5), Token);
        using CancellationTokenSource source = new();
        Task<ReadOnlyMemory<byte>> reading = right.ReadAsync(source.Token).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);

        await pair.Left.WriteAsync(frames.AsMemory(5), Token);
        Assert.Equal(10, (await right.ReadAsync(Token)).Length);
        Assert.Equal(20, (await right.ReadAsync(Token)).Length);
    }

    [Fact]
    public async Task Cancelled_write_ends_writing()
    {
        InMemoryDuplex pair = new(capacity: 10);
        await using SecureChannel left = Left(pair.Left);
        using CancellationTokenSource source = new();
        Task writing = left.WriteAsync(default, new byte[100], source.Token).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        SecureChannelException fault = await Assert.ThrowsAsync<SecureChannelException>(() => left.WriteAsync(default, new byte[1], Token).AsTask());
        Assert.Equal(ChannelFault.WriteBroken, fault.Fault);
    }

    [Fact]
    public async Task Abort_wakes_a_waiting_reader_and_refuses_writes()
    {
        InMemoryDuplex pair = new();
        SecureChannel left = Left(pair.Left);
        Task<ReadOnlyMemory<byte>> reading = left.ReadAsync(Token).AsTask();
        left.Abort();
        left.Abort();
        await left.DisposeAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => reading);
        SecureChannelException fault = await Assert.ThrowsAsync<SecureChannelException>(() => left.WriteAsync(default, new byte[1], Token).AsTask());
        Assert.Equal(ChannelFault.Closed, fault.Fault);
    }

    [Fact]
    public async Task Frames_received_before_an_abort_are_not_opened_after_it()
    {
        InMemoryDuplex pair = new();
        SecureChannel right = Right(pair.Right);
        await pair.Left.WriteAsync(await SealAsync([10, 20]), Token);
        Assert.Equal(10, (await right.ReadAsync(Token)).Length);
        right.Abort();
        SecureChannelException fault = await Assert.ThrowsAsync<SecureChannelException>(() => right.ReadAsync(Token).AsTask());
        Assert.Equal(ChannelFault.Closed, fault.Fault);
    }

    private static SecureChannel Left(Stream transport) => new(transport, new CipherState(s_forth), new CipherState(s_back));

    private static SecureChannel Right(Stream transport) => new(transport, new CipherState(s_back), new CipherState(s_forth));

    /// <summary>Frames of these plaintext sizes, as the left side sends them.</summary>
    private static async Task<byte[]> SealAsync(int[] sizes)
    {
        InMemoryDuplex pair = new();
        await using SecureChannel left = Left(pair.Left);
        foreach (int size in sizes) await left.WriteAsync(default, new byte[size], Token);
        byte[] bytes = new byte[pair.Right.Available];
        await pair.Right.ReadExactlyAsync(bytes, Token);
        return bytes;
    }

    private static async Task<(List<byte[]> Seen, IOException? Fault)> ReadAllAsync(byte[] bytes)
    {
        InMemoryDuplex pair = new();
        await using SecureChannel right = Right(pair.Right);
        await pair.Left.WriteAsync(bytes, Token);
        pair.Left.CloseWrite();
        List<byte[]> seen = [];
        try
        {
            while (true)
            {
                ReadOnlyMemory<byte> plaintext = await right.ReadAsync(Token);
                if (plaintext.IsEmpty) return (seen, null);
                seen.Add(plaintext.ToArray());
            }
        }
        catch (IOException e)
        {
            return (seen, e);
        }
    }
}
