namespace Orleans.Configuration;

/// <summary>Settings of memory grain storage; the embedded engine has none.</summary>
public class MemoryGrainStorageOptions;
