namespace Orleans.Runtime;

/// <summary>Anything a grain reference can point to.</summary>
public interface IAddressable;
