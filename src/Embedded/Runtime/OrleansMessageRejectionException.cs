namespace Orleans.Runtime;

/// <summary>A call that no grain has seen to its end: it was refused, or its silo is gone.</summary>
public class OrleansMessageRejectionException : OrleansException
{
    private protected OrleansMessageRejectionException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
