using OpSync.Cli.Configuration;
using OpSync.Silo.Chains;
using OpSync.Storage;
using OpSync.Storage.Postgres;

namespace OpSync.Cli.Local;

/// <summary>Everything that a process with a silo keeps: in directories, or in one schema of PostgreSQL. Nobody but its cluster writes there
/// meanwhile.</summary>
internal sealed class UpStores : IAsyncDisposable
{
    /// <summary>What to close, in reverse.</summary>
    private readonly Stack<IAsyncDisposable> _owned = [];

    private readonly List<ServedChain> _chains = [];

    private UpStores()
    {
    }

    /// <summary>The chains with their blocks.</summary>
    public IReadOnlyList<ServedChain> Chains => _chains;

    /// <summary>Grain state and reminders.</summary>
    public IStateStore State { get; private set; } = null!;

    /// <summary>Completes if another process took over what this one held.</summary>
    public Task Lost { get; private set; } = new TaskCompletionSource().Task;

    /// <summary>Opens what the plan names. A refusal is an <see cref="IOException"/> that says what to do.</summary>
    public static async Task<UpStores> OpenAsync(UpPlan plan, CancellationToken cancellationToken)
    {
        UpStores stores = new();
        try
        {
            if (plan.Postgres is { } postgres) await stores.OpenDatabaseAsync(plan, postgres, cancellationToken);
            else stores.OpenDirectories(plan);
            return stores;
        }
        catch
        {
            await stores.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (_owned.TryPop(out IAsyncDisposable? next)) await next.DisposeAsync();
    }

    private void OpenDirectories(UpPlan plan)
    {
        StateDirectory state = Own(StateDirectory.Open(plan.DataDir));
        State = state.State;
        foreach (ChainPlan chain in plan.Chains) _chains.Add(new ServedChain(chain.Spec, Own(LocalStore.OpenWriter(chain.DataDir, chain.Spec)).Blocks));
    }

    private async Task OpenDatabaseAsync(UpPlan plan, PostgresOptions postgres, CancellationToken cancellationToken)
    {
        // The identity lies there all the same, unless it is one of the cluster's.
        if (!plan.HasKeyDir) Directory.CreateDirectory(plan.DataDir);
        PostgresDatabase database = Own(await PostgresDatabase.OpenAsync(postgres, null, cancellationToken));
        State = database.State;
        if (plan.Role == Role.Up) Lost = Own(await PostgresSoleUse.TakeAsync(database, null, cancellationToken)).Lost;
        foreach (ChainPlan chain in plan.Chains)
        {
            ChainIdentity identity = new(chain.Spec.ChainId, chain.Spec.Genesis.Hash);
            _chains.Add(new ServedChain(chain.Spec, Own(await database.OpenBlocksAsync(identity, cancellationToken))));
        }
    }

    private T Own<T>(T store)
        where T : IAsyncDisposable
    {
        _owned.Push(store);
        return store;
    }
}
