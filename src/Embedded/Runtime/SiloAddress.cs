using System.Globalization;
using System.Net;

namespace Orleans.Runtime;

/// <summary>An endpoint and a generation, so that a restarted silo differs from the one before it.</summary>
public sealed class SiloAddress : IEquatable<SiloAddress>, IComparable<SiloAddress>
{
    private SiloAddress(IPEndPoint endpoint, int generation)
    {
        Endpoint = endpoint;
        Generation = generation;
    }

    /// <summary>The endpoint. The embedded engine names one and listens on none.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>Greater in each life of the silo.</summary>
    public int Generation { get; }

    /// <summary>Joins endpoint and generation.</summary>
    public static SiloAddress New(IPEndPoint ep, int gen)
    {
        ArgumentNullException.ThrowIfNull(ep);
        return new SiloAddress(ep, gen);
    }

    /// <summary>Joins address, port and generation.</summary>
    public static SiloAddress New(IPAddress address, int port, int generation) => New(new IPEndPoint(address, port), generation);

    /// <summary>Reads what <see cref="ToParsableString"/> wrote.</summary>
    /// <exception cref="FormatException">It was something else.</exception>
    public static SiloAddress FromParsableString(string addr)
    {
        ArgumentNullException.ThrowIfNull(addr);
        int at = addr.LastIndexOf('@');
        return at > 0 && IPEndPoint.TryParse(addr.AsSpan(0, at), out IPEndPoint? endpoint)
            && int.TryParse(addr.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int generation)
            ? New(endpoint, generation)
            : throw new FormatException($"'{addr}' is not a silo address.");
    }

    /// <summary><c>address:port@generation</c>.</summary>
    public string ToParsableString() => string.Create(CultureInfo.InvariantCulture, $"{Endpoint}@{Generation}");

    /// <inheritdoc/>
    public bool Equals(SiloAddress? other) => other is not null && Generation == other.Generation && Endpoint.Equals(other.Endpoint);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SiloAddress);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Endpoint, Generation);

    /// <summary>Order by generation, then endpoint.</summary>
    public int CompareTo(SiloAddress? other)
    {
        if (other is null) return 1;
        int generations = Generation.CompareTo(other.Generation);
        return generations != 0 ? generations : string.CompareOrdinal(Endpoint.ToString(), other.Endpoint.ToString());
    }

    /// <summary>The address for people.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"S{Endpoint}:{Generation}");
}
