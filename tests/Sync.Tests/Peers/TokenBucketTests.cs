using OpSync.Sync.Peers;

namespace OpSync.Sync.Tests.Peers;

public sealed class TokenBucketTests
{
    [Fact]
    public void Bucket_agrees_with_a_slow_exact_model()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            Random random = new(seed);
            int rate = random.Next(1, 50), burst = random.Next(1, 60);
            TimeSpan now = TimeSpan.FromSeconds(random.Next(100));
            TokenBucket bucket = new(rate, burst, now);
            decimal tokens = burst;
            for (int i = 0; i < 300; i++)
            {
                TimeSpan step = TimeSpan.FromMilliseconds(random.Next(-50, 400));
                now += step;
                if (step > TimeSpan.Zero) tokens = Math.Min(burst, tokens + rate * (decimal)step.Ticks / TimeSpan.TicksPerSecond);
                int count = random.Next(0, burst + 3);
                switch (random.Next(4))
                {
                    case 0:
                        bool took = bucket.TryTake(count, now);
                        Assert.Equal(count <= burst && (tokens >= count), took);
                        if (took) tokens -= count;
                        break;
                    case 1:
                        TimeSpan max = TimeSpan.FromMilliseconds(random.Next(3_000));
                        decimal lacking = Math.Max(0, count - tokens) / rate;
                        bool reserved = bucket.TryReserve(count, now, max, out TimeSpan wait);
                        Assert.Equal(count <= burst && lacking <= (decimal)max.TotalSeconds, reserved);
                        if (!reserved) break;
                        Assert.Equal((double)lacking, wait.TotalSeconds, 5);
                        tokens -= count;
                        break;
                    case 2:
                        bucket.Owe(count, now);
                        tokens = Math.Max(tokens - count, Math.Min(tokens, -burst));
                        break;
                    default:
                        bucket.GiveBack(count, now);
                        tokens = Math.Min(burst, tokens + count);
                        break;
                }
            }

            Assert.Equal(Math.Max(0, (int)Math.Floor(tokens)), bucket.Available(now));
        }
    }

    [Fact]
    public void Full_bucket_gives_its_burst_and_then_the_rate()
    {
        TokenBucket bucket = new(4, 15, TimeSpan.Zero);
        Assert.True(bucket.TryTake(15, TimeSpan.Zero));
        Assert.False(bucket.TryTake(1, TimeSpan.Zero));
        Assert.Equal(TimeSpan.FromMilliseconds(250), bucket.WaitFor(1, TimeSpan.Zero));
        Assert.True(bucket.TryTake(1, TimeSpan.FromMilliseconds(250)));
        Assert.False(bucket.TryTake(1, TimeSpan.FromMilliseconds(499)));
        Assert.True(bucket.TryTake(4, TimeSpan.FromMilliseconds(1_250)));
    }

    [Fact]
    public void Waiting_as_long_as_told_is_always_enough()
    {
        TokenBucket bucket = new(3, 7, TimeSpan.Zero);
        TimeSpan now = TimeSpan.Zero;
        for (int i = 0; i < 10_000; i++)
        {
            now += bucket.WaitFor(1, now);
            Assert.True(bucket.TryTake(1, now));
        }

        Assert.Equal((10_000 - 7) / 3.0, now.TotalSeconds, 3);
    }

    [Fact]
    public void Reservation_that_cannot_meet_its_deadline_takes_nothing_and_says_when_it_could()
    {
        TokenBucket bucket = new(1, 5, TimeSpan.Zero);
        Assert.True(bucket.TryReserve(5, TimeSpan.Zero, TimeSpan.Zero, out _));
        Assert.True(bucket.TryReserve(3, TimeSpan.Zero, TimeSpan.FromSeconds(3), out TimeSpan wait));
        Assert.Equal(TimeSpan.FromSeconds(3), wait);
        Assert.False(bucket.TryReserve(1, TimeSpan.Zero, TimeSpan.FromSeconds(3), out wait));
        Assert.Equal(TimeSpan.FromSeconds(1), wait);
        Assert.True(bucket.TryReserve(1, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3), out _));
    }

    [Fact]
    public void More_than_the_burst_never_comes()
    {
        TokenBucket bucket = new(1_000, 5, TimeSpan.Zero);
        Assert.False(bucket.TryReserve(6, TimeSpan.FromDays(1), TimeSpan.MaxValue - TimeSpan.FromTicks(1), out TimeSpan wait));
        Assert.Equal(TimeSpan.MaxValue, wait);
    }

    [Fact]
    public void Debt_is_paid_before_anything_is_granted_and_is_bounded_by_one_burst()
    {
        TokenBucket bucket = new(4, 15, TimeSpan.Zero);
        bucket.Owe(15, TimeSpan.Zero);
        Assert.Equal(0, bucket.Available(TimeSpan.Zero));
        for (int i = 0; i < 100; i++) bucket.Owe(15, TimeSpan.Zero);
        Assert.Equal(TimeSpan.FromSeconds(4), bucket.WaitFor(1, TimeSpan.Zero));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(-1.0)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Rate_that_is_none_is_refused(double rate) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TokenBucket(rate, 1, TimeSpan.Zero));
}
