using System.CommandLine;
using System.CommandLine.Parsing;
using OpSync.Cli.Configuration;

namespace OpSync.Cli.Commands;

/// <summary>The flags of <c>opsync up</c>, <c>silo</c> and <c>gateway</c>, made of the table of settings.</summary>
internal sealed class UpOptions
{
    private readonly Option<string?> _config = new("--config") { Description = "Configuration file; without it opsync.json of this directory, if there is one", HelpName = "FILE" };
    private readonly Option<string[]> _set = new("--set") { Description = "Any setting by its path, for instance --set chains[1].network=op-sepolia", HelpName = "PATH=VALUE" };
    private readonly List<(Setting Setting, Option Option)> _flags = [];
    private readonly (string Path, Option Option)[] _firstChain =
    [
        ("chains[0].network", CommonOptions.Network()),
        ("chains[0].rollup", CommonOptions.Rollup()),
        ("chains[0].peers", new Option<string[]>("--peer") { Description = "Peer of the first chain; may be given several times", HelpName = "MULTIADDR" }),
        ("chains[0].anchors", new Option<string[]>("--anchor") { Description = "Trusted block of the first chain; may be given several times", HelpName = "NUMBER:HASH" }),
    ];

    public UpOptions()
    {
        foreach (Setting setting in SettingTable.All.Where(s => !s.IsIndexed))
        {
            string description = setting.Default.Length == 0 ? setting.Meaning : $"{setting.Meaning} [{setting.Default}]";
            _flags.Add((setting, setting.Kind switch
            {
                SettingKind.List => new Option<string[]>(setting.Flag) { Description = description, HelpName = "TEXT" },
                SettingKind.Switch => new Option<bool?>(setting.Flag) { Description = description },
                _ => new Option<string?>(setting.Flag) { Description = description, HelpName = setting.Kind is SettingKind.Whole or SettingKind.Decimal ? "N" : setting.Kind == SettingKind.Path ? "FILE" : "TEXT" },
            }));
        }
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_config);
        foreach ((_, Option option) in _firstChain) command.Options.Add(option);
        foreach ((_, Option option) in _flags) command.Options.Add(option);
        command.Options.Add(_set);
    }

    /// <summary>File, environment and flags, the later over the earlier.</summary>
    public SettingValues Read(ParseResult parsed)
    {
        SettingValues values = new();
        string? file = parsed.GetValue(_config) ?? Environment.GetEnvironmentVariable(ConfigVariable);
        if (file is not null) values.AddFile(file);
        else if (File.Exists(DefaultFile)) values.AddFile(DefaultFile);
        values.AddEnvironment(Environment.GetEnvironmentVariables());
        foreach ((Setting setting, Option option) in _flags) Add(values, parsed, setting.Path, option);
        foreach ((string path, Option option) in _firstChain) Add(values, parsed, path, option);
        foreach (string text in parsed.GetValue(_set) ?? [])
        {
            int sign = text.IndexOf('=', StringComparison.Ordinal);
            if (sign > 0) values.AddText(text[..sign], text[(sign + 1)..], "--set");
            else throw new UsageException($"--set '{text}' is not PATH=VALUE.");
        }

        return values;
    }

    private const string DefaultFile = "opsync.json";

    /// <summary>Names the configuration file where no flag does.</summary>
    public const string ConfigVariable = "OPSYNC_CONFIG";

    private static void Add(SettingValues values, ParseResult parsed, string path, Option option)
    {
        if (parsed.GetResult(option) is not OptionResult { Implicit: false } given) return;
        switch (option)
        {
            case Option<string[]> list:
                values.AddList(path, [.. (parsed.GetValue(list) ?? []).SelectMany(t => t.Split(',', StringSplitOptions.RemoveEmptyEntries))], option.Name);
                break;
            case Option<bool?> flag:
                values.AddText(path, given.Tokens.Count == 0 || parsed.GetValue(flag) == true ? "true" : "false", option.Name);
                break;
            default:
                values.AddText(path, parsed.GetValue((Option<string?>)option) ?? "", option.Name);
                break;
        }
    }
}
