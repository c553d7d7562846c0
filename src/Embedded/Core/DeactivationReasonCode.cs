namespace Orleans;

/// <summary>Why an activation ends. The embedded engine uses those it has a cause for.</summary>
public enum DeactivationReasonCode
{
    /// <summary>No reason given.</summary>
    None = 0,

    /// <summary>The silo shuts down.</summary>
    ShuttingDown = 1,

    /// <summary>Constructor, state or <see cref="IGrainBase.OnActivateAsync"/> failed.</summary>
    ActivationFailed = 2,

    /// <summary>Not used by the embedded engine.</summary>
    DirectoryFailure = 3,

    /// <summary>Nobody called for the collection age.</summary>
    ActivationIdle = 4,

    /// <summary>Not used by the embedded engine.</summary>
    ActivationUnresponsive = 5,

    /// <summary>Not used by the embedded engine.</summary>
    DuplicateActivation = 6,

    /// <summary>Not used by the embedded engine.</summary>
    IncompatibleRequest = 7,

    /// <summary>Persistent state was found changed by somebody else.</summary>
    ApplicationError = 8,

    /// <summary>The grain asked for it.</summary>
    ApplicationRequested = 9,

    /// <summary>Not used by the embedded engine.</summary>
    Migrating = 10,

    /// <summary>The engine asked for it (the hostile switch does).</summary>
    RuntimeRequested = 11,

    /// <summary>Not used by the embedded engine.</summary>
    HighMemoryPressure = 12,
}
