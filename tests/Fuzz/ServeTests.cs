using OpSync.Fuzz.Kit;
using OpSync.Fuzz.Targets;

namespace OpSync.Fuzz;

public class ServeTests
{
    [Fact]
    public void Serve_requests_mutated_are_answered_as_the_model_answers() => Fuzzer.Run(new ServeTarget());
}
