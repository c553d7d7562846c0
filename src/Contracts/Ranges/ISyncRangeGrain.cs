namespace OpSync.Contracts.Ranges;

/// <summary>Fills one range: feeds events to the range core and carries out its commands. Keyed by <see cref="RangeGrainKey"/>.</summary>
[Alias("opsync.ISyncRangeGrain")]
public interface ISyncRangeGrain : IGrainWithStringKey
{
    /// <summary>Persists the target, then starts. Idempotent for the same target.</summary>
    [Alias("start")]
    Task<RangeReport> Start(RangeOrder order);

    /// <summary>Makes sure that an unfinished range runs: after a restart, a crash, or a lost message.</summary>
    [Alias("poke")]
    Task<RangeReport> Poke(RangeContext context);

    /// <summary>Peers, withheld heights or priority changed.</summary>
    [Alias("context")]
    Task SetContext(RangeContext context);

    /// <summary>Outcomes of requests, batched by the silo.</summary>
    [Alias("deliver")]
    Task Deliver(ReplyBatch batch);

    /// <summary>A request for headers ended.</summary>
    [Alias("headers")]
    Task DeliverHeaders(HeaderDelivery delivery);

    /// <summary>The store's acknowledgements, batched by the silo.</summary>
    [Alias("ack")]
    Task Acknowledge(AckBatch batch);

    /// <summary>The store stopped taking blocks (a reason in words) or takes them again (null).</summary>
    [Alias("store")]
    Task StoreChanged(string? problem);

    /// <summary>Another range may have stored blocks that this one waits for: it looks for them in the store.</summary>
    /// <param name="ended">The other stores no more: whatever it stored is looked for, not only what can be used at once.</param>
    [Alias("others-stored")]
    Task OthersStored(bool ended);

    /// <summary>Pauses or resumes.</summary>
    [Alias("pause")]
    Task Pause(bool on);

    /// <summary>Ends the range; what is durable stays.</summary>
    [Alias("cancel")]
    Task Cancel();

    /// <summary>A snapshot.</summary>
    [Alias("get")]
    Task<RangeReport> GetReport();
}
