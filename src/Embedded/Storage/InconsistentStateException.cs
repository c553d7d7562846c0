using Orleans.Runtime;

namespace Orleans.Storage;

/// <summary>
/// A record was not as its grain knew it: somebody else wrote. The activation that lets it out of a call is ended, so that
/// the next one reads anew.
/// </summary>
public class InconsistentStateException : OrleansException
{
    /// <summary>Without further word.</summary>
    public InconsistentStateException()
    {
    }

    /// <summary>With a message.</summary>
    public InconsistentStateException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public InconsistentStateException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>With both ETags.</summary>
    /// <param name="errorMsg">What was tried.</param>
    /// <param name="storedEtag">The one in storage, where known.</param>
    /// <param name="currentEtag">The one the grain had.</param>
    public InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag)
        : base(errorMsg)
    {
        StoredEtag = storedEtag;
        CurrentEtag = currentEtag;
    }

    /// <summary>ETag in storage, where known.</summary>
    public string? StoredEtag { get; }

    /// <summary>ETag the grain had.</summary>
    public string? CurrentEtag { get; }

    /// <summary>The activation whose state it was about; set on the way to the grain.</summary>
    internal IGrainContext? Activation { get; set; }

    /// <inheritdoc/>
    public override string ToString() => $"{base.ToString()} (stored ETag '{StoredEtag}', the grain's '{CurrentEtag}')";
}
