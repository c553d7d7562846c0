using System.CommandLine;
using OpSync.Cli.Configuration;

namespace OpSync.Cli.Commands;

/// <summary><c>opsync config check</c>: says what is wrong with a configuration, all at once.</summary>
internal static class ConfigCommand
{
    public static Command Create()
    {
        UpOptions options = new();
        Option<Role> role = new("--role") { Description = "Who will read it: up, silo or gateway; what that one does not use is not looked at", HelpName = "ROLE", DefaultValueFactory = _ => Role.Up };
        Command check = new("check", "Check a configuration and explain every mistake.") { role };
        options.AddTo(check);
        check.SetAction(async parsed =>
        {
            SettingValues values = options.Read(parsed);
            UpPlan? plan = new UpPlanner(values, parsed.GetValue(role)).Make();
            foreach (ConfigProblem warning in values.Warnings) await Console.Error.WriteLineAsync($"warning: {warning}");
            foreach (ConfigProblem problem in values.Problems) await Console.Error.WriteLineAsync(problem.ToString());
            if (plan is null) return ExitCode.Usage;
            foreach (string line in Describe(plan)) await Console.Out.WriteLineAsync(line);
            return ExitCode.Done;
        });
        return new Command("config", "The configuration of 'opsync up', 'silo' and 'gateway'.") { check };
    }

    /// <summary>What the process would be, a line for each of its sides.</summary>
    private static IEnumerable<string> Describe(UpPlan plan)
    {
        foreach (ChainPlan chain in plan.Chains)
        {
            yield return $"chain {chain.Spec.ChainId} '{chain.Name}': {chain.Peers.Count} peers, {chain.Anchors.Count} anchors, blocks in {(plan.Postgres is null ? chain.DataDir : "PostgreSQL")}";
        }

        if (plan.Gateway is { } gateway)
        {
            yield return $"http on {string.Join(", ", gateway.Listen)}: " + (gateway.HasCredentials
                ? $"{gateway.Tokens.Count} tokens{(gateway.JwtSecret is null ? "" : " and a JWT secret")}, reads {(gateway.OpenRead ? "are open" : "need a token")}"
                : "no token, so only this machine is answered, and every program on it may do everything");
        }

        if (plan.Role != Role.Gateway) yield return $"libp2p on {(plan.Listen.Count == 0 ? "no address" : string.Join(", ", plan.Listen))}";
        if (plan.Cluster is not { } cluster) yield break;
        yield return $"cluster '{cluster.ClusterId}' of service '{cluster.ServiceId}'{(cluster.FastFailover ? ", fast failover" : "")}";
        if (plan.Role == Role.Silo)
        {
            yield return $"silo '{cluster.SiloName}' at {cluster.Address?.ToString() ?? "this host's address"}, ports {cluster.SiloPort} and {cluster.GatewayPort}, identity {plan.KeyFile}, health on {plan.HealthListen}";
        }
    }
}
