using System.Globalization;

namespace OpSync.Gateway;

/// <summary>The chains of the gateway, found by id or name.</summary>
public sealed class GatewayChains
{
    private readonly Dictionary<ulong, GatewayChain> _byId;
    private readonly Dictionary<string, GatewayChain> _byName;

    /// <summary>Indexes the chains of the settings.</summary>
    /// <exception cref="ArgumentException">An id or a name stands there twice.</exception>
    public GatewayChains(GatewaySettings settings)
    {
        All = settings.Chains;
        _byId = All.ToDictionary(c => c.ChainId);
        _byName = All.ToDictionary(c => c.Name, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>All, in the order of the configuration.</summary>
    public IReadOnlyList<GatewayChain> All { get; }

    /// <summary>The chain with this decimal id or name, or null.</summary>
    public GatewayChain? Find(string text) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong id)
        ? Find(id)
        : _byName.GetValueOrDefault(text);

    /// <summary>The chain with this id, or null.</summary>
    public GatewayChain? Find(ulong chainId) => _byId.GetValueOrDefault(chainId);
}
