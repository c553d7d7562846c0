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

    private static readonly TimeSpan ToldAgainAfter = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, (SiloPresence Silo, long AskedAt)> _silos = new(StringComparer.Ordinal);   // by peer id
    private AccessBook _book = null!;
    private long? _fullToldAt;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        ClusterDocument document = state.Read(ClusterDocument.CurrentVersion, StateJson.Default.ClusterDocument) ?? new ClusterDocument();
        _book = new AccessBook(options.Value, document.Version, document.KeptOut);
        return Task.CompletedTask;
    }

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

    public async Task PeerStanding(PeerStandingNotice notice)
    {
        if (notice.PeerId.Length > PeerIdLengthMax) return;
        bool hasRoom = await ChangeAsync(now =>
        {
            if (notice.IsAway) return _book.TryKeepOut(ToExclusion(notice), now);
            _book.Readmit(notice.PeerId, notice.Sequence, now);
            return true;
        });
        if (hasRoom || (_fullToldAt is { } told && time.GetElapsedTime(told) < ToldAgainAfter)) return;
        _fullToldAt = time.GetTimestamp();
        Log.BanListFull(log, options.Value.BannedPeersMax, notice.PeerId);
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

    /// <summary>Changes the book and writes it, if anything changed. What could not be written must not be told: the activation ends, and
    /// the next one begins with what was.</summary>
    private async Task<bool> ChangeAsync(Func<DateTimeOffset, bool> change)
    {
        long before = _book.Version;
        bool result = change(time.GetUtcNow());
        if (_book.Version == before) return result;
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
