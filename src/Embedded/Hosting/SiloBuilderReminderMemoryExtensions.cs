using Microsoft.Extensions.DependencyInjection.Extensions;
using OpSync.Embedded;

namespace Orleans.Hosting;

/// <summary>Reminders in memory.</summary>
public static class SiloBuilderReminderMemoryExtensions
{
    /// <summary>
    /// Adds reminders that last as long as the host, unless its services have an <see cref="IReminderStore"/> already.
    /// </summary>
    public static ISiloBuilder UseInMemoryReminderService(this ISiloBuilder builder) =>
        builder.ConfigureServices(static services => services.TryAddSingleton<IReminderStore, InMemoryReminderStore>());
}
