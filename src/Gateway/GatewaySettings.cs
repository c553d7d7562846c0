using System.Net;
using OpSync.Gateway.Hosting;
using OpSync.Gateway.Rpc;

namespace OpSync.Gateway;

/// <summary>Everything the gateway needs to know. The composition root of the process fills it; nothing below reads
/// configuration.</summary>
public sealed record GatewaySettings
{
    /// <summary>Chains of this service.</summary>
    public required IReadOnlyList<GatewayChain> Chains { get; init; }

    /// <summary>The cluster whose grains it asks; null where a silo is in the same host.</summary>
    public GatewayCluster? Cluster { get; init; }

    /// <summary>Addresses to listen on; port 0 takes a free one. Without a token only loopback addresses are allowed.</summary>
    public IReadOnlyList<IPEndPoint> Listen { get; init; } = [new IPEndPoint(IPAddress.Loopback, DefaultPort)];

    /// <summary>The port of <c>opsync up</c>: 8545 and 8551 belong to execution clients, 9545 to op-node.</summary>
    public const int DefaultPort = 8645;

    /// <summary>Access tokens. None, and no <see cref="JwtSecret"/>: callers on this machine may do everything.</summary>
    public IReadOnlyList<GatewayToken> Tokens { get; init; } = [];

    /// <summary>Secret of HS256 tokens as engine APIs use them, 32 bytes; null for none. Who holds it has every scope.</summary>
    public byte[]? JwtSecret { get; init; }

    /// <summary>Reads need no token.</summary>
    public bool OpenRead { get; init; }

    /// <summary>Host names that requests may be sent to, besides addresses and localhost; none for every name. A page of another site
    /// whose name is made to resolve to this machine shows by its name.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Limits towards callers.</summary>
    public GatewayLimits Limits { get; init; } = new();

    /// <summary>Limits towards callers of JSON-RPC.</summary>
    public RpcLimits RpcLimits { get; init; } = new();

    /// <summary>Where metrics and traces are sent with OTLP; null for nowhere.</summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary>Version of the program, for people.</summary>
    public string Version { get; init; } = "0";

    /// <summary>True if some way to prove a scope is configured.</summary>
    public bool HasCredentials => Tokens.Count > 0 || JwtSecret is not null;
}
