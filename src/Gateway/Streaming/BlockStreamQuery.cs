namespace OpSync.Gateway.Streaming;

/// <summary>Which blocks a stream has, and how.</summary>
/// <param name="Chain">Chain.</param>
/// <param name="First">Lowest height.</param>
/// <param name="Last">Highest height.</param>
/// <param name="Follow">Wait for heights that are not there yet.</param>
/// <param name="Form">Form of each block.</param>
/// <param name="IncludeCallers">See <see cref="Contracts.Reading.BlockPageQuery"/>.</param>
internal sealed record BlockStreamQuery(GatewayChain Chain, ulong First, ulong Last, bool Follow, BlockForm Form, bool IncludeCallers);
