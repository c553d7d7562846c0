using System.Globalization;
using System.Net;

namespace OpSync.Cli.Configuration;

/// <summary>Makes the parts of a plan that only a cluster has; every mistake becomes a problem of the values.</summary>
internal sealed class ClusterValues(SettingValues values)
{
    /// <summary>Width of the column that the cluster's tables keep a name in.</summary>
    private const int NameLengthMax = 150;

    public ClusterPlan Cluster()
    {
        string siloName = Name("cluster.siloName", Environment.MachineName);
        int siloPort = values.Whole("cluster.siloPort", 11111, 1, ushort.MaxValue);
        int gatewayPort = values.Whole("cluster.gatewayPort", 30000, 1, ushort.MaxValue);
        if (siloPort == gatewayPort) values.Fault("cluster.gatewayPort", $"{gatewayPort} is the port for other silos, cluster.siloPort, too.");
        return new ClusterPlan(
            Name("cluster.id", "opsync"), Name("cluster.service", "opsync"), siloName, Address(), siloPort, gatewayPort, values.Switch("cluster.fastFailover"));
    }

    /// <summary>The key file of a silo: the one named, or the one of its ordinal in a directory, or one below its data directory.</summary>
    public string KeyFile(string fallback, string siloName)
    {
        if (values.Text("p2p.keyDir") is not { } directory) return values.Text("p2p.key") ?? fallback;
        if (values.Has("p2p.key")) values.Fault("p2p.keyDir", "p2p.key names the identity already: give one of them.");
        string digits = siloName[(siloName.LastIndexOf('-') + 1)..];
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal) || digits.Length == siloName.Length)
        {
            values.Fault("p2p.keyDir", $"The silo's name '{siloName}' must end in a dash and a number, as opsync-silo-0 does: it says which key is its own. Set cluster.siloName.");
        }

        return Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"opsync-silo-{ordinal}.key"));
    }

    public IPEndPoint HealthListen()
    {
        const string path = "health.listen";
        if (values.Text(path) is not { } text) return new IPEndPoint(IPAddress.Loopback, 8646);
        if (SettingValues.TryEndPoint(text, out IPEndPoint? endpoint)) return endpoint;
        values.Fault(path, $"'{text}' is not ADDRESS:PORT, for instance 127.0.0.1:8646 or 0.0.0.0:8646.");
        return new IPEndPoint(IPAddress.Loopback, 0);
    }

    private string Name(string path, string fallback)
    {
        string name = values.Text(path) ?? fallback;
        if (name.Length > NameLengthMax || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_'))
        {
            values.Fault(path, $"'{name}' must be of letters, digits, dashes, dots and underscores, {NameLengthMax} at most.");
        }

        return name;
    }

    private IPAddress? Address()
    {
        const string path = "cluster.address";
        if (values.Text(path) is not { } text) return null;
        if (IPAddress.TryParse(text, out IPAddress? address) && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)) return address;
        values.Fault(path, $"'{text}' is not an IP address that others can reach.");
        return null;
    }
}
