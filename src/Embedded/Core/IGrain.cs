using Orleans.Runtime;

namespace Orleans;

/// <summary>Marks a grain interface. Grain interfaces derive from one of the keyed forms beside this one.</summary>
public interface IGrain : IAddressable;

/// <summary>A grain whose key is a string.</summary>
public interface IGrainWithStringKey : IGrain;

/// <summary>A grain whose key is a 64-bit integer.</summary>
public interface IGrainWithIntegerKey : IGrain;

/// <summary>A grain whose key is a GUID.</summary>
public interface IGrainWithGuidKey : IGrain;

/// <summary>A grain whose key is a 64-bit integer and a string, the key extension.</summary>
public interface IGrainWithIntegerCompoundKey : IGrain;

/// <summary>A grain whose key is a GUID and a string, the key extension.</summary>
public interface IGrainWithGuidCompoundKey : IGrain;
