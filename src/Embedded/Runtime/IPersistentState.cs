using Orleans.Core;

namespace Orleans.Runtime;

/// <summary>
/// Persistent state of a grain, injected by a constructor parameter with <see cref="PersistentStateAttribute"/> and read
/// before activation.
/// </summary>
/// <typeparam name="TState">Type of the value; has a public constructor without parameters.</typeparam>
public interface IPersistentState<TState> : IStorage<TState>;
