namespace OpSync.Embedded.Engine;

/// <summary>Who takes the calls to one grain: its activation, or the group of its workers.</summary>
internal interface IReceiver
{
    /// <summary>Takes a turn.</summary>
    /// <returns>False if this receiver is gone and another has to be found.</returns>
    bool TryAccept(Turn turn);
}
