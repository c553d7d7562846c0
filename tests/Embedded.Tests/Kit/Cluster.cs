using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using OpSync.Embedded.Testing;
using OpSync.TestKit;

namespace OpSync.Embedded.Tests.Kit;

/// <summary>Silos for the tests of this assembly.</summary>
internal static class Cluster
{
    /// <summary>A silo with the good grains of this assembly, a clock that stands still and a probe.</summary>
    public static EmbeddedTestClusterBuilder Build(Probe probe, FakeTime? time = null, bool storage = true) => new EmbeddedTestClusterBuilder()
        .AddAssembly(typeof(Cluster).Assembly)
        .ConfigureSilo(silo => silo.Configure<EmbeddedOptions>(o => o.TypeFilter = IsGood))
        .UseTime(time ?? new FakeTime())
        .ConfigureHost(host => host.Services.AddSingleton(probe))
        .ConfigureSilo(silo =>
        {
            if (storage) silo.AddMemoryGrainStorage("store").AddMemoryGrainStorageAsDefault();
        });

    /// <summary>Waits for what must happen soon; a hang becomes a failure.</summary>
    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(60));

    /// <inheritdoc cref="Soon{T}(Task{T})"/>
    public static Task Soon(this Task task) => task.WaitAsync(TimeSpan.FromSeconds(60));

    /// <summary>Types nested in another are examples of what is wrong and belong to their tests.</summary>
    private static bool IsGood(Type type) => !type.IsNested;
}

/// <summary>Counts one metric of the engine while it lives. Tests run beside each other, so only lower bounds are safe.</summary>
internal sealed class Counted : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _value;

    public Counted(string name)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == name) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, measured, _, _) => Interlocked.Add(ref _value, measured));
        _listener.Start();
    }

    public long Value => Interlocked.Read(ref _value);

    public void Dispose() => _listener.Dispose();
}
