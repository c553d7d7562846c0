using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using OpSync.Gateway.Rpc.Methods;

namespace OpSync.Gateway.Rpc;

/// <summary>JSON-RPC 2.0: takes a request apart, calls the methods one after the other and puts the answers together.</summary>
internal sealed class RpcServer(
    EthMethods eth, OptimismMethods optimism, PeerMethods peers, AdminMethods admin, RpcSettings settings, ILogger<RpcServer> log)
{
    private const int MethodLengthMax = 128;
    private const int IdLengthMax = 256;

    /// <summary>Answers a request.</summary>
    /// <param name="chain">The chain in the path.</param>
    /// <param name="body">The request: a call or a batch.</param>
    /// <param name="answer">Where the answer goes; empty where there is none to give.</param>
    /// <param name="isAdmin">Whether the caller may administer.</param>
    /// <param name="aborted">Cancelled when the caller went away.</param>
    public async Task AnswerAsync(RpcChain chain, ReadOnlyMemory<byte> body, ResponseBuffer answer, Func<ValueTask<bool>> isAdmin, CancellationToken aborted)
    {
        if (!RpcText.IsUnicode(body.Span))
        {
            WriteError(answer, default, RpcError.Parse("the text is not Unicode"));
            return;
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = settings.Limits.DepthMax });
        }
        catch (JsonException e)
        {
            WriteError(answer, default, RpcError.Parse(e.Message));
            return;
        }

        using (document)
        {
            JsonElement request = document.RootElement;
            if (request.ValueKind != JsonValueKind.Array) await AnswerOneAsync(chain, request, answer, isAdmin, aborted);
            else await AnswerBatchAsync(chain, request, answer, isAdmin, aborted);
        }
    }

    private async Task AnswerBatchAsync(RpcChain chain, JsonElement batch, ResponseBuffer answer, Func<ValueTask<bool>> isAdmin, CancellationToken aborted)
    {
        int count = batch.GetArrayLength();
        if (count == 0 || count > settings.Limits.BatchMax)
        {
            WriteError(answer, default, RpcError.InvalidRequest(count == 0 ? "empty batch" : $"{count} calls in a batch are more than {settings.Limits.BatchMax}"));
            return;
        }

        Append(answer, "["u8);
        int start = answer.Length;
        foreach (JsonElement request in batch.EnumerateArray())
        {
            int before = answer.Length;
            if (before > start) Append(answer, ","u8);
            int at = answer.Length;
            await AnswerOneAsync(chain, request, answer, isAdmin, aborted);
            if (answer.Length == at) answer.CutBack(before);   // a notification
        }

        if (answer.Length == start) answer.CutBack(0);
        else Append(answer, "]"u8);
    }

    private async Task AnswerOneAsync(RpcChain chain, JsonElement request, ResponseBuffer answer, Func<ValueTask<bool>> isAdmin, CancellationToken aborted)
    {
        if (FindFault(request, out JsonElement id) is { } fault)
        {
            WriteError(answer, id, fault);
            return;
        }

        string method = request.GetProperty("method"u8).GetString()!;
        request.TryGetProperty("params"u8, out JsonElement parameters);
        int start = answer.Length;
        RpcError? error;
        try
        {
            using Utf8JsonWriter writer = new(answer, new JsonWriterOptions { SkipValidation = true });
            writer.WriteStartObject();
            writer.WriteString("jsonrpc"u8, "2.0"u8);
            WriteId(writer, id);
            writer.WritePropertyName("result"u8);
            error = await CallAsync(new RpcCall(chain, method, parameters, writer, answer.Room, isAdmin, aborted));
            if (error is null)
            {
                writer.WriteEndObject();
                writer.Flush();
                if (answer.Room == 0) error = RpcError.TooLarge;
            }
            else
            {
                // Else disposal would write it out.
                writer.Reset();
            }
        }
        catch (ResponseTooLargeException)
        {
            error = RpcError.TooLarge;
        }

        // Without an id nobody waits for the answer.
        if (error is not null || id.ValueKind == JsonValueKind.Undefined) answer.CutBack(start);
        if (error is not null && id.ValueKind != JsonValueKind.Undefined) WriteError(answer, id, error);
    }

    private async Task<RpcError?> CallAsync(RpcCall call)
    {
        try
        {
            if (call.Parameters.ValueKind is not (JsonValueKind.Array or JsonValueKind.Undefined or JsonValueKind.Null))
                return RpcError.InvalidParameters("parameters are given by position, in an array");
            return call.Method.Split('_', 2)[0] switch
            {
                "eth" or "net" or "web3" => await eth.CallAsync(call),
                "optimism" => await optimism.CallAsync(call),
                "opp2p" => await peers.CallAsync(call),
                "admin" => await admin.CallAsync(call),
                _ => RpcError.UnknownMethod(call.Method),
            };
        }
        catch (Exception e) when (e is not (OperationCanceledException or ResponseTooLargeException) || (e is OperationCanceledException && !call.Aborted.IsCancellationRequested))
        {
            // Whatever failed behind a method fails this call and no other.
            RpcLog.CallFailed(log, call.Method, call.Chain.ChainId, e);
            return RpcError.Internal;
        }
    }

    private static RpcError? FindFault(JsonElement request, out JsonElement id)
    {
        id = default;
        if (request.ValueKind != JsonValueKind.Object) return RpcError.InvalidRequest("a call is an object");
        if (request.TryGetProperty("id"u8, out JsonElement given))
        {
            if (given.ValueKind is not (JsonValueKind.String or JsonValueKind.Number or JsonValueKind.Null) || given.GetRawText().Length > IdLengthMax)
                return RpcError.InvalidRequest($"the id is no string, number or null of up to {IdLengthMax} bytes");
            id = given;
        }

        if (!request.TryGetProperty("jsonrpc"u8, out JsonElement version) || version.ValueKind != JsonValueKind.String || !version.ValueEquals("2.0"u8))
            return RpcError.InvalidRequest("jsonrpc is not \"2.0\"");
        return request.TryGetProperty("method"u8, out JsonElement method) && method.ValueKind == JsonValueKind.String && method.GetString() is { Length: > 0 and <= MethodLengthMax }
            ? null
            : RpcError.InvalidRequest($"the method is no string of 1 to {MethodLengthMax} characters");
    }

    private static void WriteError(ResponseBuffer answer, JsonElement id, RpcError error)
    {
        using Utf8JsonWriter writer = new(answer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        writer.WriteStartObject();
        writer.WriteString("jsonrpc"u8, "2.0"u8);
        WriteId(writer, id);
        writer.WriteStartObject("error"u8);
        writer.WriteNumber("code"u8, error.Code);
        writer.WriteString("message"u8, error.Message);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteId(Utf8JsonWriter writer, JsonElement id)
    {
        writer.WritePropertyName("id"u8);
        if (id.ValueKind == JsonValueKind.Undefined) writer.WriteNullValue();
        else id.WriteTo(writer);
    }

    private static void Append(ResponseBuffer answer, ReadOnlySpan<byte> text)
    {
        text.CopyTo(answer.GetSpan(text.Length));
        answer.Advance(text.Length);
    }
}
