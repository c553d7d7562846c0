using OpSync.Fuzz.Kit;
using OpSync.Fuzz.Targets;

namespace OpSync.Fuzz;

/// <summary>Apart from the others, because classes run side by side and this takes longest.</summary>
public class HandshakeTests
{
    [Fact]
    public void Noise_handshake_tampered_with_never_succeeds() => Fuzzer.Run(new NoiseHandshakeTarget());
}
