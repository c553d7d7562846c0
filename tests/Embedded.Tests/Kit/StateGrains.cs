namespace OpSync.Embedded.Tests.Kit;

public sealed class Ledger
{
    public int Version { get; set; } = 1;

    public List<int> Entries { get; set; } = [];
}

public interface ILedgerGrain : IGrainWithIntegerKey
{
    Task<int> Add(int entry);

    /// <summary>Changes the state and does not write it.</summary>
    Task AddUnwritten(int entry);

    Task<int> Reread();

    Task<string> Clear();

    Task<bool> Exists();

    Task<int> CountNotes();

    Task Note(string text);

    Task<Guid> Activation();
}

public sealed class Notes
{
    public int Count { get; set; }
}

internal sealed class LedgerGrain(
    [PersistentState("ledger", "store")] IPersistentState<Ledger> ledger,
    [PersistentState("notes")] IPersistentState<Notes> notes,
    IGrainContext context) : Grain, ILedgerGrain
{
    private readonly Guid _activation = Guid.NewGuid();

    public async Task<int> Add(int entry)
    {
        ledger.State.Entries.Add(entry);
        await ledger.WriteStateAsync();
        return ledger.State.Entries.Sum();
    }

    public Task AddUnwritten(int entry)
    {
        ledger.State.Entries.Add(entry);
        return Task.CompletedTask;
    }

    public async Task<int> Reread()
    {
        await ledger.ReadStateAsync();
        return ledger.State.Entries.Sum();
    }

    public async Task<string> Clear()
    {
        await ledger.ClearStateAsync();
        return $"{ledger.RecordExists} {ledger.Etag ?? "none"} {ledger.State.Entries.Count}";
    }

    public Task<bool> Exists() => Task.FromResult(ledger.RecordExists);

    public Task<int> CountNotes() => Task.FromResult(notes.State.Count);

    public async Task Note(string text)
    {
        notes.State.Count++;
        await notes.WriteStateAsync();
    }

    public Task<Guid> Activation() => Task.FromResult(ReferenceEquals(context, GrainContext) ? _activation : Guid.Empty);
}

public interface IClockGrain : IGrainWithStringKey, IRemindable
{
    Task StartTimer(string name, TimeSpan due, TimeSpan period, bool interleave, bool keepAlive);

    Task ChangeTimer(TimeSpan due, TimeSpan period);

    Task StopTimer();

    Task Wait(string gate);

    Task Remind(string name, TimeSpan due, TimeSpan period);

    Task Forget(string name);

    Task<string> Reminders();

    Task<bool> HasReminder(string name);

    Task End();
}

internal sealed class ClockGrain(Probe probe) : Grain, IClockGrain
{
    private IGrainTimer? _timer;
    private int _ticks;

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        probe.Tell($"ended {reason.ReasonCode}");
        return Task.CompletedTask;
    }

    public Task StartTimer(string name, TimeSpan due, TimeSpan period, bool interleave, bool keepAlive)
    {
        _timer = this.RegisterGrainTimer(
            TickAsync, name, new GrainTimerCreationOptions(due, period) { Interleave = interleave, KeepAlive = keepAlive });
        return Task.CompletedTask;
    }

    public Task ChangeTimer(TimeSpan due, TimeSpan period)
    {
        _timer!.Change(due, period);
        return Task.CompletedTask;
    }

    public Task StopTimer()
    {
        _timer!.Dispose();
        return Task.CompletedTask;
    }

    public async Task Wait(string gate)
    {
        probe.Tell(gate);
        await probe.PassAsync(gate);
    }

    public async Task Remind(string name, TimeSpan due, TimeSpan period) => await this.RegisterOrUpdateReminder(name, due, period);

    public async Task Forget(string name)
    {
        if (await this.GetReminder(name) is { } reminder) await this.UnregisterReminder(reminder);
    }

    public async Task<string> Reminders() =>
        string.Join(",", (await this.GetReminders()).Select(r => r.ReminderName).Order(StringComparer.Ordinal));

    public async Task<bool> HasReminder(string name) => await this.GetReminder(name) is not null;

    public Task End()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        TimeSpan since = status.CurrentTickTime - status.FirstTickTime;
        probe.Tell($"{reminderName} {since.TotalMinutes:0}");
        if (reminderName == "bad") throw new FormatException("reminder");
        if (reminderName == "slow") await probe.PassAsync("reminder");
    }

    private async Task TickAsync(string name, CancellationToken token)
    {
        string tick = $"{name} {++_ticks}";
        probe.Tell(tick);
        if (name == "bad") throw new FormatException("tick");
        if (name.StartsWith("slow", StringComparison.Ordinal)) await probe.PassAsync(tick);
        if (name == "once more") _timer!.Change(TimeSpan.FromSeconds(7), Timeout.InfiniteTimeSpan);
        if (name == "until told") await Task.Delay(Timeout.InfiniteTimeSpan, token);
    }
}
