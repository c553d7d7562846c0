using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OpSync.Gateway.Json;

namespace OpSync.Cli.Remote;

/// <summary>What commands on the things of a running service have in common.</summary>
/// <param name="thing">Name of one of them.</param>
/// <param name="path">Where they are, for instance <c>/v1/peers</c>.</param>
/// <param name="type">One as JSON.</param>
/// <param name="pageType">A page of them as JSON.</param>
/// <param name="print">Prints a table of them.</param>
internal sealed class RemoteCommands<T>(
    string thing, string path, JsonTypeInfo<T> type, JsonTypeInfo<PageJson<T>> pageType, Action<IReadOnlyList<T>> print)
{
    /// <summary>As many as the gateway gives at a time.</summary>
    private const int PageSize = 200;

    /// <summary><c>list</c>: all of them, of one chain or of every chain.</summary>
    /// <param name="description">What it does.</param>
    /// <param name="name">Another name of the command.</param>
    /// <param name="hasChains">Whether they are of chains.</param>
    public Command List(string description, string name = "list", bool hasChains = true)
    {
        RemoteOptions remote = new();
        Option<string?> chain = new("--chain") { Description = "Name or id of a chain; all without it", HelpName = "CHAIN" };
        Command command = new(name, description) { remote.Json };
        if (hasChains) command.Options.Add(chain);
        remote.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using GatewayClient client = remote.Connect(parsed);
            string filter = hasChains && parsed.GetValue(chain) is { } only ? "&chain=" + Uri.EscapeDataString(only) : "";
            List<T> all = [];
            for (string? cursor = ""; cursor is not null;)
            {
                string from = cursor.Length > 0 ? "&cursor=" + Uri.EscapeDataString(cursor) : "";
                PageJson<T> page = await client.GetAsync($"{path}?limit={PageSize}{filter}{from}", pageType, cancellationToken);
                all.AddRange(page.Items);
                cursor = page.Next;
            }

            if (parsed.GetValue(remote.Json)) await Console.Out.WriteLineAsync(JsonSerializer.Serialize(new PageJson<T>([.. all], null), pageType));
            else print(all);
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>A command on one of them, which answers how it stands then.</summary>
    /// <param name="name">Name of the command.</param>
    /// <param name="description">What it does.</param>
    /// <param name="method">Method of the request.</param>
    /// <param name="suffix">What follows the id in its path.</param>
    /// <param name="more">Prints what the table leaves out.</param>
    public Command One(string name, string description, HttpMethod method, string suffix, Action<T>? more = null)
    {
        RemoteOptions remote = new();
        Argument<string> id = new("id") { Description = $"Id of the {thing}" };
        Command command = new(name, description) { id, remote.Json };
        remote.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using GatewayClient client = remote.Connect(parsed);
            T one = await client.SendAsync(method, $"{path}/{Uri.EscapeDataString(parsed.GetValue(id)!)}{suffix}", null, type, cancellationToken);
            if (parsed.GetValue(remote.Json))
            {
                await Console.Out.WriteLineAsync(JsonSerializer.Serialize(one, type));
                return ExitCode.Done;
            }

            print([one]);
            more?.Invoke(one);
            return ExitCode.Done;
        });
        return command;
    }
}
