using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpSync.Contracts.Cluster;
using OpSync.Libp2p.Identity;
using OpSync.Sync.Access;

namespace OpSync.Silo.Peering;

/// <summary>Keeps out of this silo whom the whole cluster keeps out, wherever that was decided, and shows the cluster that the silo is
/// there. While the cluster cannot be asked, what is known stays in force.</summary>
internal sealed class ClusterAccess(
    IGrainFactory grains, Exclusions exclusions, PeerLinks links, SiloSelf self, IOptions<AccessOptions> options, TimeProvider time, ILogger<ClusterAccess> log) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, KeptOut> _known = new(StringComparer.Ordinal);
    private long _version;
    private bool _isReached = true;
    private Task _running = Task.CompletedTask;

    /// <summary>Asks once for what changed, and obeys. One caller at a time.</summary>
    /// <exception cref="TimeoutException">No answer came in time; nothing changed.</exception>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        AccessChanges changes = await grains.GetCluster().Read(_version, self.Present()).WaitAsync(options.Value.AccessReadTimeout, time, cancellationToken).ConfigureAwait(false);
        HashSet<string> told = [.. changes.Entries.Select(e => e.Subject)];
        if (changes.IsWhole)
        {
            foreach (KeptOut gone in _known.Values.Where(k => !told.Contains(k.Subject)).ToArray()) Admit(gone);
        }

        foreach (KeptOut entry in changes.Entries)
        {
            if (!_known.TryGetValue(entry.Subject, out KeptOut? known) || known.Until != entry.Until || !known.From.SequenceEqual(entry.From)) KeepOut(entry);
        }

        _version = changes.Version;
        DateTimeOffset now = time.GetUtcNow();
        foreach (KeptOut ended in _known.Values.Where(k => k.Until <= now).ToArray()) _known.Remove(ended.Subject);
        exclusions.DropEnded(now);
    }

    /// <summary>Asks once. Whatever keeps the cluster from answering is logged when that begins: a silo starts and goes on without.</summary>
    public async Task TryRefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RefreshAsync(cancellationToken).ConfigureAwait(false);
            if (!_isReached) Log.ClusterReached(log);
            _isReached = true;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            if (_isReached) Log.ClusterNotReached(log, e.Message);
            _isReached = false;
            exclusions.DropEnded(time.GetUtcNow());
        }
    }

    /// <summary>Asks from now on, again and again.</summary>
    public void Begin() => _running = RunAsync(_stop.Token);

    /// <summary>Asks no more.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken stopped)
    {
        try
        {
            while (true)
            {
                await TryRefreshAsync(stopped).ConfigureAwait(false);
                await Task.Delay(options.Value.AccessReadPeriod, time, stopped).ConfigureAwait(false);
            }
        }
        catch (Exception) when (stopped.IsCancellationRequested)
        {
            // This silo goes.
        }
    }

    private void KeepOut(KeptOut entry)
    {
        if (entry.IsPeer && PeerId.TryParse(entry.Subject, out PeerId? peer))
        {
            IEnumerable<IPAddress> from = entry.From.Select(text => IPAddress.TryParse(text, out IPAddress? address) ? address : IPAddress.None).Where(a => !a.Equals(IPAddress.None));
            exclusions.Exclude(peer, entry.Until, from, links.WantedAddresses(peer).Contains);
        }
        else if (!entry.IsPeer && NetworkText.TryParse(entry.Subject, out IPNetwork network))
        {
            exclusions.Block(network, entry.Until);
        }
        else
        {
            return;
        }

        _known[entry.Subject] = entry;
    }

    private void Admit(KeptOut entry)
    {
        _known.Remove(entry.Subject);
        if (entry.IsPeer && PeerId.TryParse(entry.Subject, out PeerId? peer)) exclusions.Readmit(peer);
        else if (!entry.IsPeer && NetworkText.TryParse(entry.Subject, out IPNetwork network)) exclusions.Unblock(network);
    }
}
