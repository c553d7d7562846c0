namespace Orleans.Runtime;

/// <summary>Base of exceptions of the grain runtime.</summary>
public class OrleansException : Exception
{
    /// <summary>Without further word.</summary>
    public OrleansException()
    {
    }

    /// <summary>With a message.</summary>
    public OrleansException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public OrleansException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
