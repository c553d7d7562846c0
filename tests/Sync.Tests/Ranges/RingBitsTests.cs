using OpSync.Sync.Ranges;

namespace OpSync.Sync.Tests.Ranges;

public sealed class RingBitsTests
{
    [Fact]
    public void Bits_behave_like_a_sorted_set_while_the_window_slides()
    {
        Random random = new(5);
        RingBits bits = new(128);
        SortedSet<long> model = [];
        long start = 0;
        for (int i = 0; i < 20_000; i++)
        {
            if (random.Next(10) == 0)
            {
                long to = start + random.Next(200);
                for (; start < to; start++)
                {
                    bits[start] = false;
                    model.Remove(start);
                }
            }

            long depth = start + random.Next(128);
            bool on = random.Next(2) == 0;
            bits[depth] = on;
            if (on) model.Add(depth);
            else model.Remove(depth);

            long from = start + random.Next(128), end = start + random.Next(129);
            Assert.Equal(model.Count, bits.Count);
            Assert.Equal(from < end ? model.GetViewBetween(from, end - 1).FirstOrDefault(-1) : -1, bits.Next(from, end));
            Assert.Equal(model.Contains(from), bits[from]);
        }
    }
}
