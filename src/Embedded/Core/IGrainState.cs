namespace Orleans;

/// <summary>A state on its way between a grain and its storage.</summary>
/// <typeparam name="T">Type of the value.</typeparam>
public interface IGrainState<T>
{
    /// <summary>The value.</summary>
    T State { get; set; }

    /// <summary>Version of the record the value came from; null for none. Storage sets it.</summary>
    string? ETag { get; set; }

    /// <summary>True if the record exists. Storage sets it.</summary>
    bool RecordExists { get; set; }
}
