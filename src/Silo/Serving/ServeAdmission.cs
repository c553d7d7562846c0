namespace OpSync.Silo.Serving;

/// <summary>What is decided on a request.</summary>
/// <param name="Refusal">The limit it met: it is refused now; null when it is granted.</param>
/// <param name="Wait">How long to wait before it is served.</param>
internal readonly record struct ServeAdmission(string? Refusal, TimeSpan Wait);
