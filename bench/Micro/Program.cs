using BenchmarkDotNet.Running;
using OpSync.Bench.Micro.Codec;
using OpSync.Bench.Micro.Serving;
using OpSync.Bench.Micro.Storage;

// A first word names a harness that prints its figures in seconds; anything else goes to BenchmarkDotNet.
switch (args)
{
    case ["pipeline", .. string[] rest]:
        return PipelineRun.Run(rest);
    case ["rpc", .. string[] rest]:
        return BlockJsonRun.Run(rest);
    case ["storage", .. string[] rest]:
        return await StorageBench.Run(rest);
    case ["serve", .. string[] rest]:
        return await ServeBench.Run(rest);
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        return 0;
}
