using OpSync.Sync.Peers;

namespace OpSync.Sync.Tests.Peers;

/// <summary>Runs policies against servers in virtual time. Every policy always wants more.</summary>
internal sealed class VirtualNetwork(int seed)
{
    private readonly PriorityQueue<Action, (TimeSpan At, long Order)> _events = new();
    private readonly Random _random = new(seed);
    private long _order;

    public TimeSpan Now { get; private set; }

    public void At(TimeSpan when, Action what) => _events.Enqueue(what, (when, _order++));

    public void RunUntil(TimeSpan end)
    {
        while (_events.TryPeek(out _, out (TimeSpan At, long Order) next) && next.At <= end)
        {
            Action what = _events.Dequeue();
            Now = next.At;
            what();
        }

        Now = end;
    }

    public TimeSpan Between(TimeSpan a, TimeSpan b) => a + ((b - a) * _random.NextDouble());

    /// <summary>One way, with jitter.</summary>
    public TimeSpan Way(TimeSpan roundTrip) => Between(roundTrip * 0.5, roundTrip * 0.6);
}

/// <summary>One policy that asks one server as often as it may.</summary>
internal sealed class VirtualAsker
{
    /// <summary>A range asks for this many at a time.</summary>
    private const int BatchMax = 8;

    private static readonly DateTimeOffset Epoch = DateTimeOffset.UnixEpoch;
    private readonly VirtualNetwork _net;
    private readonly Func<TimeSpan, (TimeSpan At, FetchOutcome Outcome)?> _serve;
    private readonly TimeSpan _roundTrip;
    private TimeSpan _lastArrival;

    /// <param name="net">Time and randomness.</param>
    /// <param name="policy">Under test.</param>
    /// <param name="roundTrip">Network time of an exchange.</param>
    /// <param name="serve">What the server does with a request that arrives now; null for no answer ever.</param>
    public VirtualAsker(VirtualNetwork net, PeerPolicy policy, TimeSpan roundTrip, Func<TimeSpan, (TimeSpan At, FetchOutcome Outcome)?> serve)
    {
        _net = net;
        Policy = policy;
        _serve = serve;
        _roundTrip = roundTrip;
        net.At(net.Now, Wish);
    }

    public PeerPolicy Policy { get; }

    public int Blocks { get; private set; }

    public int Refused { get; private set; }

    public int TimedOut { get; private set; }

    public int Asked { get; private set; }

    public int Lies { get; private set; }

    private DateTimeOffset Wall => Epoch + _net.Now;

    private void Wish()
    {
        Admission admission = Policy.Admit(BatchMax, _net.Now, Wall);
        for (int i = 0; i < admission.Granted; i++) Send();
        TimeSpan pause = admission.RetryAfter > TimeSpan.FromMilliseconds(1) ? admission.RetryAfter : TimeSpan.FromMilliseconds(1);
        if (pause < TimeSpan.FromHours(12)) _net.At(_net.Now + pause, Wish);
    }

    private void Send()
    {
        Asked++;
        TimeSpan sent = _net.Now, deadline = sent + Policy.Timeout.For(30_000);

        // Streams of one connection arrive in order.
        TimeSpan arrival = _net.Now + _net.Way(_roundTrip);
        if (arrival < _lastArrival) arrival = _lastArrival;
        _lastArrival = arrival;
        _net.At(arrival, () =>
        {
            (TimeSpan At, FetchOutcome Outcome)? answer = _serve(_net.Now);
            TimeSpan end = answer is { } a ? a.At + _net.Way(_roundTrip) : TimeSpan.MaxValue;
            bool late = end > deadline;
            if (late) _net.At(deadline, () => Report(FetchOutcome.Timeout, sent, false));
            if (answer is { } got && end - sent <= ReplyTimeout.Max) _net.At(end, () => Report(got.Outcome, sent, late));
        });
    }

    private void Report(FetchOutcome outcome, TimeSpan sent, bool late)
    {
        switch (outcome)
        {
            case FetchOutcome.Good: Blocks++; break;
            case FetchOutcome.Failed: Refused++; break;
            case FetchOutcome.Timeout: TimedOut++; break;
            case FetchOutcome.Malformed: Lies++; break;
        }

        Policy.Report(outcome, 30_000, _net.Now - sent, _net.Now, Wall, _net.Now - sent, late);
    }
}
