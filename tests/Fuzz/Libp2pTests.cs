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

    [Fact]
    public void Identify_message_mutated_agrees_with_the_slow_decoder() => Fuzzer.Run(new IdentifyTarget());

    [Fact]
    public void Response_stream_mutated_ends_as_its_length_says() => Fuzzer.Run(new ResponseStreamTarget());

    [Fact]
    public void Multiaddr_text_mutated_agrees_with_the_slow_reader() => Fuzzer.Run(new MultiaddrTextTarget());

    [Fact]
    public void Multiaddr_bytes_mutated_agree_with_the_slow_reader() => Fuzzer.Run(new MultiaddrBytesTarget());

    [Fact]
    public void Peer_id_mutated_agrees_with_the_slow_decoder() => Fuzzer.Run(new PeerIdTarget());

    [Fact]
    public void Yamux_frames_mutated_follow_the_model() => Fuzzer.Run(new YamuxTarget());
}
