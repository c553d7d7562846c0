using OpSync.Fuzz.Kit;
using OpSync.Fuzz.Targets;

namespace OpSync.Fuzz;

public class Libp2pTests
{
    [Fact]
    public void Multistream_mutated_follows_the_model() => Fuzzer.Run(new MultistreamTarget());

    [Fact]
    public void Noise_payload_mutated_agrees_with_the_slow_decoder() => Fuzzer.Run(new NoisePayloadTarget());

    [Fact]
    public void Noise_transport_tampered_with_delivers_the_honest_prefix_only() => Fuzzer.Run(new NoiseTransportTarget());
}
