using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary>A collector of OTLP over gRPC (opentelemetry-proto 1.x), which reads what the tests ask for. The numbers are those of the
/// fields in the .proto files.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly TaskCompletionSource _firstSpans = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WebApplication _app;

    private OtlpReceiver(WebApplication app) => _app = app;

    /// <summary>Where it listens.</summary>
    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    /// <summary>Unit by the name of the metric.</summary>
    public ConcurrentDictionary<string, string> Units { get; } = new();

    /// <summary>Spans heard of.</summary>
    public ConcurrentBag<Span> Spans { get; } = [];

    /// <summary>Ends with the first spans: what comes after them finds both sides warm, within the two seconds that an export may take.</summary>
    public Task FirstSpans => _firstSpans.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

    /// <summary>Values of the attribute service.name.</summary>
    public ConcurrentDictionary<string, bool> Services { get; } = new();

    public static async Task<OtlpReceiver> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0").ConfigureKestrel(o => o.ConfigureEndpointDefaults(e => e.Protocols = HttpProtocols.Http2));
        OtlpReceiver receiver = new(builder.Build());
        receiver._app.Run(receiver.TakeAsync);
        await receiver._app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        byte[] frame = body.ToArray();   // a byte of flags, a length, the message
        byte[] message = frame.AsSpan(5, BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(1))).ToArray();
        bool metrics = context.Request.Path == "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
        foreach (Field resource in Field.Of(message, 1))
        {
            foreach (Field name in resource.All(1, 1).Where(a => a.Text(1) == "service.name")) Services[name.All(2).Single().Text(1)] = true;
            foreach (Field item in resource.All(2, 2))
            {
                if (metrics) Units[item.Text(1)] = item.Text(3);
                else Spans.Add(new Span(item.Text(5), item.All(9).ToDictionary(a => a.Text(1), a => a.All(2).Single()), [.. item.All(11).Select(e => e.Text(2))]));
            }
        }

        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[5], context.RequestAborted);
        context.Response.AppendTrailer("grpc-status", "0");
        if (!metrics) _firstSpans.TrySetResult();
    }

    /// <summary>A span.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Attributes">Values by key: field 1 of a value is its text, 3 its number.</param>
    /// <param name="Events">Names of its events, in order.</param>
    internal sealed record Span(string Name, Dictionary<string, Field> Attributes, string[] Events);

    /// <summary>One field of a protobuf message: a number, or bytes that may be a message or text.</summary>
    internal readonly record struct Field(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)
    {
        public static IEnumerable<Field> Of(ReadOnlyMemory<byte> message, int number)
        {
            for (int at = 0; at < message.Length;)
            {
                ulong tag = Varint(message.Span, ref at);
                Field field = new((int)(tag >> 3), 0, default);
                switch (tag & 7)
                {
                    case 0: field = field with { Value = Varint(message.Span, ref at) }; break;
                    case 1: at += 8; break;
                    case 5: at += 4; break;
                    default:
                        int length = (int)Varint(message.Span, ref at);
                        field = field with { Bytes = message.Slice(at, length) };
                        at += length;
                        break;
                }

                if (field.Number == number) yield return field;
            }
        }

        /// <summary>The fields at a path below this one.</summary>
        public IEnumerable<Field> All(params int[] path) =>
            path.Aggregate((IEnumerable<Field>)[this], static (fields, number) => fields.SelectMany(f => Of(f.Bytes, number)));

        /// <summary>A field as text; empty if it is absent.</summary>
        public string Text(int number) => Encoding.UTF8.GetString(All(number).FirstOrDefault().Bytes.Span);

        /// <summary>A field as number; zero if it is absent.</summary>
        public long Whole(int number) => (long)All(number).FirstOrDefault().Value;

        private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
        {
            ulong value = 0;
            for (int shift = 0; ; shift += 7)
            {
                byte next = bytes[at++];
                value |= (ulong)(next & 0x7f) << shift;
                if (next < 0x80) return value;
            }
        }
    }
}
