using System.CommandLine;
using OpSync.Cli.Commands;
using OpSync.Gateway;

namespace OpSync.Cli.Remote;

/// <summary>Where the gateway is and how to get in: flags, or else <c>OPSYNC_GATEWAY</c> and <c>OPSYNC_TOKEN</c>.</summary>
internal sealed class RemoteOptions
{
    private readonly Option<string?> _gateway = new("--gateway") { Description = "URL of a running service; or OPSYNC_GATEWAY", HelpName = "URL" };
    private readonly Option<string?> _token = new("--token-file") { Description = "File with the token; or OPSYNC_TOKEN with the token itself", HelpName = "FILE" };

    public Option<bool> Json { get; } = CommonOptions.Json();

    public void AddTo(Command command)
    {
        command.Options.Add(_gateway);
        command.Options.Add(_token);
    }

    /// <summary>True if a gateway was named.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_gateway) is not null;

    /// <summary>A client of the gateway named, or of the usual one of this machine.</summary>
    public GatewayClient Connect(ParseResult parsed)
    {
        string text = parsed.GetValue(_gateway) ?? Environment.GetEnvironmentVariable("OPSYNC_GATEWAY") ?? $"http://127.0.0.1:{GatewaySettings.DefaultPort}";
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
        {
            throw new UsageException($"The gateway '{text}' is not an http or https URL, for instance http://127.0.0.1:{GatewaySettings.DefaultPort}.");
        }

        string? token = parsed.GetValue(_token) is { } file ? ReadToken(file) : Environment.GetEnvironmentVariable("OPSYNC_TOKEN")?.Trim();
        if (token is not null && token.AsSpan().ContainsAnyExceptInRange('!', '~')) throw new UsageException("The token has characters that no token has: it is one line of letters, digits and signs.");
        return new GatewayClient(address, string.IsNullOrEmpty(token) ? null : token);
    }

    private static string ReadToken(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim() is { Length: > 0 } token ? token : throw new UsageException($"The token file '{file}' is empty.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The token file '{file}' cannot be read: {e.Message}");
        }
    }
}
