using BenchmarkDotNet.Running;
using OpSync.Bench.Micro.Codec;

// A first word chooses a quick run of a few seconds; anything else goes to BenchmarkDotNet.
switch (args.FirstOrDefault())
{
    case "pipeline": return PipelineRun.Run(args[1..]);
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        return 0;
}
