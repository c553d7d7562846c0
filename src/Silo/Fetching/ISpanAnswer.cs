namespace OpSync.Silo.Fetching;

/// <summary>The answer to one request for consecutive heights, block by block as it arrives.</summary>
internal interface ISpanAnswer : IAsyncDisposable
{
    /// <summary>The next block, or why none comes any more. Nothing is thrown for what the peer or the network does.</summary>
    /// <param name="accounted">Bytes taken from the budget for this block; more is taken while it is read.</param>
    ValueTask<SpanPart> NextAsync(int accounted);

    /// <summary>All blocks came: reads what the peer still says.</summary>
    ValueTask FinishAsync();
}
