using System.CommandLine;
using System.Text.Json;
using OpSync.Gateway.Security;

namespace OpSync.Cli.Commands;

/// <summary><c>opsync token new</c>: makes an access token for the gateway.</summary>
internal static class TokenCommand
{
    public static Command Create()
    {
        Option<string> name = new("--name") { Description = "Name of the token, for logs and limits", HelpName = "NAME", DefaultValueFactory = _ => "operator" };
        Option<string[]> scopes = new("--scope") { Description = "read, sync or admin; may be given several times", DefaultValueFactory = _ => ["read", "sync", "admin"] };
        scopes.AcceptOnlyFromAmong("read", "sync", "admin");
        Command create = new("new", "Make a token: it is printed once, the configuration keeps its hash.") { name, scopes };
        create.SetAction(parsed =>
        {
            (string token, byte[] hash) = TokenBook.Create();
            string granted = string.Join(", ", parsed.GetValue(scopes)!.Distinct().Select(s => $"\"{s}\""));
            Console.Out.WriteLine(token);
            Console.Error.WriteLine("The token is on stdout and is not kept anywhere. Put this into http.tokens of the configuration:");
            Console.Error.WriteLine($"{{ \"name\": \"{JsonEncodedText.Encode(parsed.GetValue(name)!)}\", \"hash\": \"sha256:{Convert.ToHexStringLower(hash)}\", \"scopes\": [{granted}] }}");
            return ExitCode.Done;
        });
        return new Command("token", "Access tokens of the gateway.") { create };
    }
}
