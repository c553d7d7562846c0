using System.Data.Common;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OpSync.Gateway.Problems;
using OpSync.Gateway.Rpc;
using OpSync.Gateway.Security;
using OpSync.Gateway.Telemetry;
using Xunit;

namespace OpSync.Gateway.Tests;

/// <summary>What stands around every route.</summary>
public sealed class MiddlewareTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_that_breaks_off_after_its_start_is_cut_and_does_not_look_complete(bool started)
    {
        Connection connection = new();
        DefaultHttpContext context = new();
        context.Features.Set<IHttpRequestLifetimeFeature>(connection);
        if (started) context.Features.Set<IHttpResponseFeature>(new Started());
        using LimitMetrics metrics = new();
        ProblemMiddleware middleware = new(_ => throw new IOException("the disk"), metrics, NullLogger<ProblemMiddleware>.Instance);

        await middleware.InvokeAsync(context);

        Assert.Equal(started, connection.IsCut);
        if (!started) Assert.Equal(StatusCodes.Status503ServiceUnavailable, context.Response.StatusCode);
    }

    [Theory]
    [InlineData(typeof(TimeoutException), 503)]
    [InlineData(typeof(IOException), 503)]
    [InlineData(typeof(DatabaseAway), 503)]
    [InlineData(typeof(InvalidOperationException), 500)]
    public async Task What_is_only_away_may_be_asked_again(Type exception, int status)
    {
        using LimitMetrics metrics = new();
        DefaultHttpContext context = new();
        ProblemMiddleware middleware = new(_ => throw (Exception)Activator.CreateInstance(exception)!, metrics, NullLogger<ProblemMiddleware>.Instance);

        await middleware.InvokeAsync(context);

        Assert.Equal(status, context.Response.StatusCode);
    }

    [Theory]
    [InlineData("POST", false, false, "local caller () did POST /v1/some: 200")]
    [InlineData("GET", false, false, null)]
    [InlineData("POST", true, false, null)]
    [InlineData("POST", true, true, "local caller () did POST /v1/some admin_one opp2p_two: 200")]
    public async Task Only_what_may_have_changed_something_is_logged(string method, bool isRpc, bool changed, string? line)
    {
        Lines<ChangeLog> log = new();
        DefaultHttpContext context = new();
        context.Request.Method = method;
        context.Request.Path = "/v1/some";
        context.SetEndpoint(new RouteEndpoint(
            static _ => Task.CompletedTask, RoutePatternFactory.Parse("/"), 0, isRpc ? new EndpointMetadataCollection(new RpcReadsByPost()) : EndpointMetadataCollection.Empty, null));
        ChangeLog middleware = new(
            c =>
            {
                if (changed) c.Items[RpcReadsByPost.Changed] = new List<string> { "admin_one", "opp2p_two" };
                return Task.CompletedTask;
            },
            log);

        await middleware.InvokeAsync(context);

        Assert.Equal(line is null ? [] : [line], log.All);
    }

    [Fact]
    public async Task Log_of_the_export_has_no_secret_of_its_endpoint()
    {
        Lines<OtlpExport> log = new();
        using OtlpExport export = new(new Uri("http://user:secret@127.0.0.1:1/secret?key=secret"), "1", log);

        await export.StartingAsync(TestContext.Current.CancellationToken);

        Assert.EndsWith("http://127.0.0.1:1", Assert.Single(log.All), StringComparison.Ordinal);
    }

    private sealed class DatabaseAway : DbException;

    private sealed class Connection : IHttpRequestLifetimeFeature
    {
        public bool IsCut { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsCut = true;
    }

    private sealed class Started : HttpResponseFeature
    {
        public override bool HasStarted => true;
    }

    private sealed class Lines<T> : ILogger<T>
    {
        public List<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => All.Add(formatter(state, exception));
    }
}
