using Orleans;
using Orleans.Runtime;

namespace OpSync.Embedded.Engine;

/// <content>The queue of turns and the rules by which they start.</content>
internal sealed partial class Activation
{
    private readonly Queue<Turn> _waiting = new();   // bounded by EmbeddedSilo.CallsWaitingMax, and one tick per timer
    private int _waitingCalls;
    private int _waitingReaders;
    private int _exclusive;
    private int _readers;
    private int _interleaving;
    private long _lastUse;
    private bool _served;
    private List<Call>? _held;   // touched on the scheduler only

    /// <summary>Turns that run or wait.</summary>
    public int Load
    {
        get
        {
            lock (_gate) return Running + _waiting.Count;
        }
    }

    private int Running => _exclusive + _readers + _interleaving;

    /// <summary>Takes a turn, to start it now or later.</summary>
    /// <returns>False if the activation is gone and the turn belongs to the next one.</returns>
    public bool TryAccept(Turn turn)
    {
        lock (_gate)
        {
            if (_phase == Phase.Gone || Silo.IsDead) return false;
            if (_phase == Phase.Active && MayStart(turn))
            {
                Start(turn);
                return true;
            }

            if (!turn.IsCall || _waitingCalls < Silo.CallsWaitingMax)
            {
                Enqueue(turn);
                if (_phase == Phase.Created) BeginActivation((turn as Call)?.Frame);
                return true;
            }
        }

        EngineMetrics.Refused.Add(1);
        turn.Refuse(new LimitExceededException($"{GrainId} has {Silo.CallsWaitingMax} calls waiting, which is the limit."));
        return true;
    }

    /// <summary>Runs a started turn; on the scheduler.</summary>
    public void Begin(Turn turn)
    {
        Task running = turn.RunAsync();
        if (turn is LifecycleTurn) return;   // not counted; it moves the phase by itself
        if (running.IsCompleted) End(turn);
        else _ = EndLaterAsync(running, turn);
    }

    /// <summary>Keeps a call back until the running task is done, for the hostile switch; on the scheduler.</summary>
    public void Hold(Call call) => (_held ??= []).Add(call);

    /// <summary>Sends what <see cref="Hold"/> kept back.</summary>
    public void FlushHeldCalls()
    {
        if (_held is not { Count: > 0 } held) return;
        _held = null;
        Silo.SendHeld(GrainId, held);
    }

    private async Task EndLaterAsync(Task running, Turn turn)
    {
        await running;   // never fails; continues on the scheduler
        End(turn);
    }

    private void End(Turn turn)
    {
        bool deactivate = Silo.Hostile?.WantsDeactivation(GrainId) ?? false;
        lock (_gate)
        {
            if (turn.Admission == Admission.Exclusive) _exclusive--;
            else if (turn.Admission == Admission.ReadOnly) _readers--;
            else _interleaving--;
            _served |= turn.IsCall;
            if (turn.IsCall || turn is GrainTimer { KeepAlive: true }) _lastUse = Silo.Time.GetTimestamp();
            if (deactivate && Running == 0 && _phase == Phase.Active)
                RequestEnd(new DeactivationReason(DeactivationReasonCode.RuntimeRequested, "Chosen by the hostile switch."));
            Pump();
        }

        turn.Conclude();
    }

    private bool MayStart(Turn turn) => turn.Admission switch
    {
        // While the activation ends, only what its running turns may be waiting for comes in.
        Admission.Interleave => !_ending || Running > 0,
        Admission.ReadOnly => !_ending && _exclusive == 0,
        _ => !_ending && _exclusive == 0 && _readers == 0,
    };

    private void Start(Turn turn)
    {
        if (turn.Admission == Admission.Exclusive) _exclusive++;
        else if (turn.Admission == Admission.ReadOnly) _readers++;
        else _interleaving++;
        turn.Activation = this;
        _scheduler.Post(turn);
    }

    private void Enqueue(Turn turn)
    {
        _waiting.Enqueue(turn);
        if (turn.IsCall) _waitingCalls++;
        if (turn.Admission == Admission.ReadOnly) _waitingReaders++;
    }

    private Turn Dequeue()
    {
        Turn turn = _waiting.Dequeue();
        if (turn.IsCall) _waitingCalls--;
        if (turn.Admission == Admission.ReadOnly) _waitingReaders--;
        return turn;
    }

    /// <summary>Starts what may start, or the end of the activation once nothing runs.</summary>
    private void Pump()
    {
        if (_phase != Phase.Active) return;
        while (_waiting.TryPeek(out Turn? head) && MayStart(head)) Start(Dequeue());

        // Readers behind a waiting writer join those that run: one of these may be waiting for one of them.
        if (_waitingReaders > 0 && _readers > 0 && !_ending)
        {
            for (int left = _waiting.Count; left > 0; left--)
            {
                Turn turn = Dequeue();
                if (turn.Admission == Admission.ReadOnly) Start(turn);
                else Enqueue(turn);
            }
        }

        if (_ending && Running == 0) BeginDeactivation();
    }
}
