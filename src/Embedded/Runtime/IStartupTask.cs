namespace Orleans.Runtime;

/// <summary>Runs once when the silo has started and grains can be called. An exception stops the host.</summary>
public interface IStartupTask
{
    /// <summary>The work.</summary>
    /// <param name="cancellationToken">Cancelled when the start is given up.</param>
    Task Execute(CancellationToken cancellationToken);
}
