namespace OpSync.Sync.Ranges;

/// <summary>One request for one height.</summary>
/// <param name="RequestId">Unique within the range's generation.</param>
/// <param name="Number">Height.</param>
/// <param name="Urgent">True for the cursor's height, which may use the reserve of the byte budget.</param>
/// <param name="SizeExpected">Bytes to reserve for the answer.</param>
/// <param name="Priority">Of its range; greater is more urgent. Whoever waits for memory waits behind the more urgent.</param>
public readonly record struct AskItem(ulong RequestId, ulong Number, bool Urgent, int SizeExpected, int Priority = 0);
