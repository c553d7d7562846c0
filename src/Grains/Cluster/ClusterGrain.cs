using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpSync.Contracts.Cluster;
using OpSync.Contracts.State;
using OpSync.Grains.State;
using OpSync.Sync.Access;

namespace OpSync.Grains.Cluster;

/// <summary>Shell of the <see cref="AccessBook"/>: whom every silo keeps out, and which silos ask for it.</summary>
internal sealed class ClusterGrain(
    [PersistentState("cluster", GrainStorageNames.OpSync)] IPersistentState<StateBlob> state,
    IOptions<AccessOptions> options,
    TimeProvider time,
    ILogger<ClusterGrain> log) : Grain, IClusterGrain
{
    /// <summary>Silos remembered; the one that asked longest ago is forgotten first.</summary>
    private const int SilosMax = 256;

    /// <summary>Characters of a peer id in base58 and of an IP address, and addresses of one peer, as far as they are kept.</summary>
    private const int PeerIdLengthMax = 128, AddressLengthMax = 64, AddressesMax = 16;

    /// <summary>Notices that wait for the next write; with one more it comes at once.</summary>
    private const int NoticesMax = 1_024;

    private static readonly TimeSpan ToldAgainAfter = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, (SiloPresence Silo, long AskedAt)> _silos = new(StringComparer.Ordinal);   // by peer id
    private readonly List<PeerStandingNotice> _notices = [];   // in the order in which they came
    private AccessBook _book = null!;
    private IGrainTimer? _timer;
    private long? _writtenAt;
    private long? _fullToldAt;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        ClusterDocument document = state.Read(ClusterDocument.CurrentVersion, StateJson.Default.ClusterDocument) ?? new ClusterDocument();
        _book = new AccessBook(options.Value, document.Version, document.KeptOut);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        _notices.Count > 0 ? WriteNoticesAsync() : Task.CompletedTask;

    public Task<AccessChanges> Read(long known, SiloPresence self)
    {
        DropSilent();
        if (_silos.Count >= SilosMax && !_silos.ContainsKey(self.PeerId)) _silos.Remove(_silos.MinBy(s => s.Value.AskedAt).Key);
        _silos[self.PeerId] = (self, time.GetTimestamp());
        (bool isWhole, IReadOnlyList<Exclusion> entries) = _book.Since(known, time.GetUtcNow());
        return Task.FromResult(new AccessChanges(_book.Version, isWhole, [.. entries.Select(ToMessage)]));
    }

    public Task<KeptOutList> List()
    {
        DateTimeOffset now = time.GetUtcNow();
        return Task.FromResult(new KeptOutList([.. _book.Entries.Where(e => !e.HasEnded(now)).OrderBy(e => e.Subject, StringComparer.Ordinal).Select(ToMessage)]));
    }

    public async Task<BlockVerdict> BlockNetwork(string network, DateTimeOffset? until)
    {
        if (!NetworkText.TryParse(network, out IPNetwork parsed)) return BlockVerdict.Malformed;
        string subject = NetworkText.Write(parsed);
        bool hasRoom = await ChangeAsync(now => _book.TryBlockNetwork(subject, until, now));
        if (hasRoom) Log.NetworkBlocked(log, subject, until?.ToString("u", CultureInfo.InvariantCulture) ?? "it is unblocked");
        return hasRoom ? BlockVerdict.Done : BlockVerdict.Full;
    }

    public async Task<bool> UnblockNetwork(string network)
    {
        if (!NetworkText.TryParse(network, out IPNetwork parsed)) return false;
        string subject = NetworkText.Write(parsed);
        bool wasBlocked = await ChangeAsync(now => _book.UnblockNetwork(subject, now));
        if (wasBlocked) Log.NetworkUnblocked(log, subject);
        return wasBlocked;
    }

    public Task PeerStanding(PeerStandingNotice notice)
    {
        if (notice.PeerId.Length > PeerIdLengthMax) return Task.CompletedTask;
        bool isDecision = IsDecision(notice);
        _notices.Add(notice);
        if (isDecision || _notices.Count > NoticesMax || _writtenAt is not { } at) return WriteNoticesAsync();
        TimeSpan left = options.Value.BanWritePeriod - time.GetElapsedTime(at);
        if (left <= TimeSpan.Zero) return WriteNoticesAsync();
        _timer ??= this.RegisterGrainTimer(WriteNoticesAsync, new GrainTimerCreationOptions { DueTime = left, Period = Timeout.InfiniteTimeSpan });
        return Task.CompletedTask;
    }

    public Task<SiloPresenceList> GetSilos()
    {
        DropSilent();
        return Task.FromResult(new SiloPresenceList(
            [.. _silos.Values.Select(s => s.Silo).OrderBy(s => s.Name, StringComparer.Ordinal).ThenBy(s => s.PeerId, StringComparer.Ordinal)]));
    }

    private static KeptOut ToMessage(Exclusion e) => new(e.Subject, e.IsPeer, e.Until, [.. e.From], e.ByOperator);

    private static Exclusion ToExclusion(PeerStandingNotice notice) => new(
        notice.PeerId, IsPeer: true, notice.Until, [.. notice.From.Where(a => a.Length <= AddressLengthMax).Take(AddressesMax)], notice.ByOperator, Sequence: notice.Sequence);

    /// <summary>Whether it is news of what an operator wants. Bans begin and end by themselves, but none ends before its time.</summary>
    private bool IsDecision(PeerStandingNotice notice)
    {
        Exclusion? known = _book.Find(notice.PeerId);
        if (!notice.IsAway) return known?.HasEnded(time.GetUtcNow()) == false;
        return (notice.ByOperator || known is { ByOperator: true }) && known?.SaysTheSame(ToExclusion(notice)) != true;
    }

    private Task WriteNoticesAsync() => ChangeAsync(static _ => true);

    private void Note(PeerStandingNotice notice, DateTimeOffset now)
    {
        if (!notice.IsAway)
        {
            _book.Readmit(notice.PeerId, notice.Sequence, now);
            return;
        }

        if (_book.TryKeepOut(ToExclusion(notice), now) || (_fullToldAt is { } told && time.GetElapsedTime(told) < ToldAgainAfter)) return;
        _fullToldAt = time.GetTimestamp();
        Log.BanListFull(log, options.Value.BannedPeersMax, notice.PeerId);
    }

    /// <summary>Changes the book, by the notices that wait first, and writes it, if anything changed. What could not be written must
    /// not be told: the activation ends, and the next one begins with what was; peers say again how they stand.</summary>
    private async Task<bool> ChangeAsync(Func<DateTimeOffset, bool> change)
    {
        long before = _book.Version;
        DateTimeOffset now = time.GetUtcNow();
        foreach (PeerStandingNotice notice in _notices) Note(notice, now);
        _notices.Clear();
        _timer?.Dispose();
        _timer = null;
        bool result = change(now);
        if (_book.Version == before) return result;
        _writtenAt = time.GetTimestamp();
        try
        {
            await state.Write(
                ClusterDocument.CurrentVersion, new ClusterDocument { Version = _book.Version, KeptOut = [.. _book.Entries] }, StateJson.Default.ClusterDocument);
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }

        return result;
    }

    private void DropSilent()
    {
        foreach (string silent in _silos.Where(s => time.GetElapsedTime(s.Value.AskedAt) > options.Value.SiloSilenceMax).Select(s => s.Key).ToArray()) _silos.Remove(silent);
    }
}
