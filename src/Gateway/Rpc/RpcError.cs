namespace OpSync.Gateway.Rpc;

/// <summary>An error of a call (JSON-RPC 2.0, section 5.1).</summary>
/// <param name="Code">Code.</param>
/// <param name="Message">For a person; some texts are recognised by programs.</param>
internal sealed record RpcError(int Code, string Message)
{
    /// <summary>Not JSON.</summary>
    public static RpcError Parse(string why) => new(-32700, $"parse error: {why}");

    /// <summary>JSON, but no call.</summary>
    public static RpcError InvalidRequest(string why) => new(-32600, $"invalid request: {why}");

    /// <summary>A method that is not served.</summary>
    public static RpcError UnknownMethod(string method) => new(-32601, $"the method {method} does not exist/is not available");

    /// <summary>Parameters of another form.</summary>
    public static RpcError InvalidParameters(string why) => new(-32602, $"invalid argument: {why}");

    /// <summary>A fault on this side.</summary>
    public static RpcError Internal { get; } = new(-32603, "internal error");

    /// <summary>The call was understood and cannot be answered.</summary>
    public static RpcError Server(string why) => new(-32000, why);

    /// <summary>The caller may not do this.</summary>
    public static RpcError Unauthorized(string method) => new(-32001, $"the method {method} needs a token with the admin scope");

    /// <summary>More than <see cref="RpcLimits.ResponseBytesMax"/>.</summary>
    public static RpcError TooLarge { get; } = new(-32003, "response too large");

    /// <summary>More than the service does at a time.</summary>
    public static RpcError Busy(string what) => new(-32005, $"more {what} than this service does at a time; try again later");

    /// <summary>More calls than <see cref="GatewayLimits.AnonymousRate"/> or <see cref="GatewayLimits.TokenRate"/>.</summary>
    public static RpcError TooOften(int rate) =>
        new(-32005, $"more than the {rate} calls per second that this caller may make, each call of a batch being one; try again in a second");
}
