using BenchmarkDotNet.Attributes;
using OpSync.Codec.Keccak;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Codec.Samples;

namespace OpSync.Bench.Micro.Codec;

/// <summary>Checking, keeping and generating one block, with allocations.</summary>
[MemoryDiagnoser]
public class PipelineBenchmarks
{
    private SampleChain _chain = null!;
    private byte[] _response = null!;
    private PayloadResponseReader _reader = null!;

    [Params(SampleProfile.Small, SampleProfile.Default, SampleProfile.Huge)]
    public SampleProfile Profile { get; set; }

    [ParamsSource(nameof(Backends))]
    public KeccakBackend Backend { get; set; }

    public static IEnumerable<KeccakBackend> Backends =>
        Enum.GetValues<KeccakBackend>().Where(b => b != KeccakBackend.Auto && KeccakBackends.IsSupported(b));

    [GlobalSetup]
    public void Setup()
    {
        _chain = new SampleChain(new SampleChainOptions { Profile = Profile });
        _response = _chain.Blocks(1).Single().ToWire();
        _reader = new PayloadResponseReader(_chain.Spec, backend: Backend);
    }

    [Benchmark]
    public PayloadFault Read() => _reader.Read(_response, 1, out _);

    [Benchmark]
    public byte[] ReadAndKeep()
    {
        _reader.Read(_response, 1, out _);
        return _reader.ToWire(_response);
    }

    [Benchmark]
    public Hash32 Generate() => _chain.Blocks(1).Single().Facts.Hash;
}
