using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using OpSync.Gateway.Rpc.Methods;
using OpSync.Gateway.Telemetry;

namespace OpSync.Gateway.Rpc;

/// <summary>JSON-RPC 2.0: takes a request apart, calls the methods one after the other and puts the answers together.</summary>
internal sealed class RpcServer(
    EthMethods eth, OptimismMethods optimism, PeerMethods peers, AdminMethods admin, RpcSettings settings, TimeProvider time, LimitMetrics metrics,
    ILogger<RpcServer> log)
{
    private const int MethodLengthMax = 128;
    private const int IdLengthMax = 256;
    private const string Answers = "answers are under way";

    /// <summary>Bytes of a row in the parser's table.</summary>
    private const int TokenBytes = 12;

    /// <summary>Answers a request.</summary>
    /// <param name="chain">The chain in the path.</param>
    /// <param name="body">The request: a call or a batch.</param>
    /// <param name="answer">Where the answer goes; of a long batch the beginning is sent before the end is made. Nothing where there is
    /// no answer to give.</param>
    /// <param name="caller">Who asks.</param>
    public async Task AnswerAsync(RpcChain chain, RequestBody body, AnswerBuffer answer, RpcCaller caller)
    {
        RpcError? fault = RpcText.FindFault(body.Content.Span, settings.Limits.DepthMax, out int tokens);
        if (fault is null && tokens > settings.Limits.TokensMax)
        {
            metrics.Refused(nameof(RpcLimits.TokensMax));
            fault = RpcError.InvalidRequest($"it has more than {settings.Limits.TokensMax} values and names");
        }

        if (fault is null && !body.TryCharge(Math.Max(0, ((long)tokens * TokenBytes) - ChargedBytes.OwnBytes)))
        {
            metrics.Refused(nameof(RpcLimits.BodiesBytesMax));
            fault = RpcError.Busy("requests are taken apart");
        }

        if (fault is not null)
        {
            WriteError(answer, default, fault);
            return;
        }

        // It was read through once; there is nothing left to throw for.
        using JsonDocument document = JsonDocument.Parse(body.Content, new JsonDocumentOptions { MaxDepth = settings.Limits.DepthMax });
        JsonElement request = document.RootElement;
        if (request.ValueKind != JsonValueKind.Array) await AnswerOneAsync(chain, request, answer, caller);
        else await AnswerBatchAsync(chain, request, answer, caller);
    }

    private async Task AnswerBatchAsync(RpcChain chain, JsonElement batch, AnswerBuffer answer, RpcCaller caller)
    {
        int count = batch.GetArrayLength();
        if (count == 0 || count > settings.Limits.BatchMax)
        {
            if (count > 0) metrics.Refused(nameof(RpcLimits.BatchMax));
            WriteError(answer, default, RpcError.InvalidRequest(count == 0 ? "empty batch" : $"{count} calls in a batch are more than {settings.Limits.BatchMax}"));
            return;
        }

        // The request itself was counted before it came here.
        bool isCounted = true, isAnswered = false;
        foreach (JsonElement request in batch.EnumerateArray())
        {
            caller.Aborted.ThrowIfCancellationRequested();

            // What waits for its caller takes no room that the next result may wait for, and leaves room for an error.
            if (answer.Length > AnswerBuffer.SendAt) await answer.SendAsync(caller.Aborted);
            int before = answer.Length;
            Append(answer, isAnswered ? ","u8 : "["u8);
            int at = answer.Length;
            await AnswerOneAsync(chain, request, answer, caller, isCounted);
            isCounted = false;
            if (answer.Length == at) answer.CutBack(before);   // a notification
            else isAnswered = true;
        }

        if (isAnswered) Append(answer, "]"u8);
    }

    private async Task AnswerOneAsync(RpcChain chain, JsonElement request, AnswerBuffer answer, RpcCaller caller, bool isCounted = true)
    {
        RpcError? error = FindFault(request, out JsonElement id);
        if (!isCounted && !caller.TakeToken())
        {
            if (error is null && id.ValueKind == JsonValueKind.Undefined) return;
            error = RpcError.TooOften(caller.Rate);
        }

        if (error is null)
        {
            int start = answer.Length;
            error = await WriteResultAsync(chain, request, id, answer, caller);
            if (answer.Lacking is > 0 and int size)
            {
                answer.CutBack(start);
                error = await WaitForRoomAsync(answer, size, caller.Aborted) ? await WriteResultAsync(chain, request, id, answer, caller) : RpcError.Busy(Answers);
                if (answer.Lacking > 0) error = RpcError.Busy(Answers);
            }

            if (error == RpcError.TooLarge) metrics.Refused(nameof(RpcLimits.ResponseBytesMax));

            // Without an id nobody waits for the answer.
            if (error is not null || id.ValueKind == JsonValueKind.Undefined) answer.CutBack(start);
            if (id.ValueKind == JsonValueKind.Undefined) return;
        }

        if (error is not null) WriteError(answer, id, error);
    }

    private async Task<bool> WaitForRoomAsync(AnswerBuffer answer, int size, CancellationToken aborted)
    {
        using CancellationTokenSource patience = new(settings.Limits.TurnTimeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, aborted);
        try
        {
            await answer.ReserveAsync(size, either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
        {
            metrics.Refused(nameof(RpcLimits.AnswersBytesMax));
            return false;
        }
    }

    /// <summary>Calls the method and writes the answer, if there is no error.</summary>
    private async Task<RpcError?> WriteResultAsync(RpcChain chain, JsonElement request, JsonElement id, AnswerBuffer answer, RpcCaller caller)
    {
        string method = request.GetProperty("method"u8).GetString()!;
        request.TryGetProperty("params"u8, out JsonElement parameters);
        try
        {
            using Utf8JsonWriter writer = new(answer, new JsonWriterOptions { SkipValidation = true });
            writer.WriteStartObject();
            writer.WriteString("jsonrpc"u8, "2.0"u8);
            WriteId(writer, id);
            writer.WritePropertyName("result"u8);
            if (await CallAsync(new RpcCall(chain, method, parameters, writer, answer.Room, caller)) is { } error)
            {
                writer.Reset();   // else disposal would write it out
                return error;
            }

            writer.WriteEndObject();
            writer.Flush();
            return answer.Room == 0 ? RpcError.TooLarge : null;
        }
        catch (AnswerTooLongException)
        {
            return RpcError.TooLarge;
        }
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
        catch (Exception e) when (e is not (OperationCanceledException or AnswerTooLongException) || (e is OperationCanceledException && !call.Caller.Aborted.IsCancellationRequested))
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

    private static void WriteError(AnswerBuffer answer, JsonElement id, RpcError error)
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

    private static void Append(AnswerBuffer answer, ReadOnlySpan<byte> text)
    {
        text.CopyTo(answer.GetSpan(text.Length));
        answer.Advance(text.Length);
    }
}
