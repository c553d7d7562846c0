using OpSync.Fuzz.Kit;
using OpSync.Fuzz.Targets;

namespace OpSync.Fuzz;

public class CodecTests
{
    [Fact]
    public void Ssz_payload_mutated_agrees_with_the_slow_decoder() => Fuzzer.Run(new SszTarget());

    [Fact]
    public void Rlp_item_mutated_agrees_with_the_slow_decoder() => Fuzzer.Run(new RlpTarget());

    [Fact]
    public void L1_attributes_mutated_agree_with_the_slow_decoder() => Fuzzer.Run(new L1AttributesTarget());

    [Fact]
    public void Snappy_block_mutated_agrees_with_the_slow_decoder() => Fuzzer.Run(new SnappyBlockTarget());

    [Fact]
    public void Snappy_stream_mutated_agrees_with_the_slow_decoder() => Fuzzer.Run(new SnappyFramingTarget());

    [Fact]
    public void Response_mutated_agrees_with_the_slow_decoder() => Fuzzer.Run(new ResponseTarget());

    [Fact]
    public void Export_file_mutated_agrees_with_the_slow_reader() => Fuzzer.Run(new ArchiveTarget());

    [Fact]
    public void Rollup_configuration_mutated_agrees_with_the_document_walk() => Fuzzer.Run(new RollupConfigTarget());

    [Fact]
    public void Request_mutated_agrees_with_the_slow_decoder() => Fuzzer.Run(new RequestTarget());

    [Fact]
    public void Headers_mutated_agree_with_the_slow_decoder() => Fuzzer.Run(new HeadersTarget());

    [Fact]
    public void Bulk_reply_mutated_agrees_with_the_slow_reader() => Fuzzer.Run(new BulkReplyTarget());
}
