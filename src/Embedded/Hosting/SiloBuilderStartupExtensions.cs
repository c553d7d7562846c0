using Microsoft.Extensions.DependencyInjection;
using OpSync.Embedded.Engine;
using Orleans.Runtime;

namespace Orleans.Hosting;

/// <summary>Tasks that run once at the start of a silo.</summary>
public static class SiloBuilderStartupExtensions
{
    /// <summary>Adds a task made from the silo's services.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="stage">Tasks run in the order of their stages, all after grains can be called.</param>
    public static ISiloBuilder AddStartupTask<TStartup>(this ISiloBuilder builder, int stage = ServiceLifecycleStage.Active)
        where TStartup : class, IStartupTask =>
        builder.AddStartupTask(
            static (services, token) => ActivatorUtilities.GetServiceOrCreateInstance<TStartup>(services).Execute(token), stage);

    /// <summary>Adds a task.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="startupTask">The task.</param>
    /// <param name="stage">Tasks run in the order of their stages, all after grains can be called.</param>
    public static ISiloBuilder AddStartupTask(this ISiloBuilder builder, IStartupTask startupTask, int stage = ServiceLifecycleStage.Active) =>
        builder.AddStartupTask((_, token) => startupTask.Execute(token), stage);

    /// <summary>Adds a task.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="startupTask">The task.</param>
    /// <param name="stage">Tasks run in the order of their stages, all after grains can be called.</param>
    public static ISiloBuilder AddStartupTask(
        this ISiloBuilder builder, Func<IServiceProvider, CancellationToken, Task> startupTask, int stage = ServiceLifecycleStage.Active) =>
        builder.ConfigureServices(services => services.AddSingleton(new StartupRegistration(stage, startupTask)));
}
