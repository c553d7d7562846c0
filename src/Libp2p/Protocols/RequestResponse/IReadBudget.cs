namespace OpSync.Libp2p.Protocols.RequestResponse;

/// <summary>Where an exchange gets room for an answer that turns out larger than <see cref="ExchangeLimits.ExpectedSize"/>.</summary>
public interface IReadBudget
{
    /// <summary>Takes room for <paramref name="moreBytes"/>; while it waits, the stream is not read and its read time stands
    /// still. What was taken stays taken: the caller of the exchange gives it back when it is done with the answer.</summary>
    ValueTask ExtendAsync(int moreBytes, CancellationToken cancellationToken);
}
