namespace OpSync.Gateway.Endpoints;

/// <summary>Looks at how the service is, one of a kind at a time: who asks meanwhile gets the same answer.</summary>
internal sealed class HealthLooks
{
    /// <summary>For /healthz.</summary>
    public Look Alive { get; } = new();

    /// <summary>For /readyz.</summary>
    public Look Ready { get; } = new();

    /// <summary>One kind of look.</summary>
    /// <remarks>Thread-safe.</remarks>
    internal sealed class Look
    {
        private readonly Lock _lock = new();
        private Task<string[]> _last = Task.FromResult<string[]>([]);

        /// <summary>What is not well, as the look under way finds it, or else a new one.</summary>
        public Task<string[]> TakeAsync(Func<Task<string[]>> look)
        {
            lock (_lock) return _last.IsCompleted ? _last = look() : _last;
        }
    }
}
