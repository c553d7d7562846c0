namespace Orleans.Runtime;

/// <summary>Too many calls wait at one activation; this one was refused before it had any effect.</summary>
public sealed class LimitExceededException : OrleansException
{
    /// <summary>Without further word.</summary>
    public LimitExceededException()
        : this("A limit of the silo is exceeded.")
    {
    }

    /// <summary>With a message.</summary>
    public LimitExceededException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public LimitExceededException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
