using Orleans.Runtime;

namespace OpSync.Embedded.Engine;

/// <summary>
/// The activations of one stateless worker grain: an idle one is preferred, then a new one, then the least loaded.
/// </summary>
internal sealed class WorkerGroup(EmbeddedSilo silo, GrainClass grainClass, GrainId id) : IReceiver
{
    private readonly Lock _gate = new();
    private readonly List<Activation> _workers = [];
    private bool _gone;

    /// <summary>The activations at this moment.</summary>
    public Activation[] Workers
    {
        get
        {
            lock (_gate) return [.. _workers];
        }
    }

    /// <inheritdoc/>
    public bool TryAccept(Turn turn)
    {
        lock (_gate)
        {
            if (_gone) return false;
            Activation? best = null;
            int least = int.MaxValue;
            foreach (Activation worker in _workers)
            {
                int load = worker.Load;
                if (load >= least) continue;
                (best, least) = (worker, load);
            }

            if (best is null || (least > 0 && _workers.Count < grainClass.WorkersMax))
            {
                best = new Activation(silo, grainClass, id, this);
                _workers.Add(best);
            }

            return best.TryAccept(turn);
        }
    }

    /// <summary>Takes a worker out; the group goes with its last one.</summary>
    public void Remove(Activation worker)
    {
        lock (_gate)
        {
            _workers.Remove(worker);
            _gone = _workers.Count == 0;
            if (_gone) silo.Remove(id, this);
        }
    }
}
