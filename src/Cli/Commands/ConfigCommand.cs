using System.CommandLine;
using OpSync.Cli.Configuration;

namespace OpSync.Cli.Commands;

/// <summary><c>opsync config check</c>: says what is wrong with a configuration, all at once.</summary>
internal static class ConfigCommand
{
    public static Command Create()
    {
        UpOptions options = new();
        Command check = new("check", "Check the configuration of 'opsync up' and explain every mistake.");
        options.AddTo(check);
        check.SetAction(async parsed =>
        {
            SettingValues values = options.Read(parsed);
            UpPlan? plan = new UpPlanner(values).Make();
            foreach (ConfigProblem warning in values.Warnings) await Console.Error.WriteLineAsync($"warning: {warning}");
            foreach (ConfigProblem problem in values.Problems) await Console.Error.WriteLineAsync(problem.ToString());
            if (plan is null) return ExitCode.Usage;
            foreach (ChainPlan chain in plan.Chains)
            {
                await Console.Out.WriteLineAsync($"chain {chain.Spec.ChainId} '{chain.Name}': {chain.Peers.Count} peers, {chain.Anchors.Count} anchors, blocks in {(plan.Postgres is null ? chain.DataDir : "PostgreSQL")}");
            }

            await Console.Out.WriteLineAsync($"http on {string.Join(", ", plan.Gateway.Listen)}: " + (plan.Gateway.HasCredentials
                ? $"{plan.Gateway.Tokens.Count} tokens{(plan.Gateway.JwtSecret is null ? "" : " and a JWT secret")}, reads {(plan.Gateway.OpenRead ? "are open" : "need a token")}"
                : "no token, so only this machine is answered, and every program on it may do everything"));
            await Console.Out.WriteLineAsync($"libp2p on {(plan.Listen.Count == 0 ? "no address" : string.Join(", ", plan.Listen))}");
            return ExitCode.Done;
        });
        return new Command("config", "The configuration of 'opsync up'.") { check };
    }
}
