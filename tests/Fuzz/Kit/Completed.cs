namespace OpSync.Fuzz.Kit;

/// <summary>Results of tasks that must not have to wait.</summary>
internal static class Completed
{
    public static T Get<T>(ValueTask<T> task)
    {
        FuzzFailure.Unless(task.IsCompleted, "it waits for something that never comes");
        return task.GetAwaiter().GetResult();
    }

    public static void Check(ValueTask task)
    {
        FuzzFailure.Unless(task.IsCompleted, "it waits for something that never comes");
        task.GetAwaiter().GetResult();
    }
}
