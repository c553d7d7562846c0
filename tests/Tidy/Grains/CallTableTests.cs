using OpSync.Tidy.Sources;
using Xunit;

namespace OpSync.Tidy.Grains;

public class CallTableTests
{
    private static readonly SourceFile[] Contracts =
    [
        new("src/Contracts/Ranges/ISyncRangeGrain.cs", """
            public interface ISyncRangeGrain : IGrainWithStringKey
            {
                Task<RangeStatus> GetStatus();
                [OneWay] Task Deliver(Report report);
                [OneWay]
                [Alias("a")]
                Task Arrived(Report report);
            }
            """),
        new("src/Contracts/Chains/IChainGrain.cs", "public interface IChainGrain { [Alias(\"x\"), OneWay] Task Report(int x); Task Ask(); }"),
    ];

    [Fact]
    public void Grains_call_only_what_the_table_has() =>
        Faults.None(CallTable.ForbiddenCalls(SourceTree.CSharp("src/Grains"), SourceTree.CSharp("src/Contracts")));

    [Theory]
    [InlineData("ChainGrain", "await GrainFactory.GetGrain<ISyncRangeGrain>(key).GetStatus();")]
    [InlineData("SyncRangeGrain", "await Task.WhenAll(GrainFactory.GetGrain<IPeerGrain>(a).Ask(x), factory.GetGrain<IBlockGrain>(1, \"b\").Promote());")]
    [InlineData("SyncRangeGrain", "_ = GrainFactory.GetGrain<IChainGrain>(key).Report(1);")]
    [InlineData("PeerGrain", "ISyncRangeGrain range = GrainFactory.GetGrain<ISyncRangeGrain>(key); await store.Write(); _ = range.Deliver(r);")]
    [InlineData("PeerGrain", "GrainFactory.GetGrain<IChainGrain>(Key(a, (b))).Report(2).Ignore();")]
    [InlineData("BlockGrain", "private ISyncRangeGrain Range(string key) => GrainFactory.GetGrain<ISyncRangeGrain>(key); void F() { _ = Range(k).Arrived(r); }")]
    [InlineData("BlockReaderGrain", "// GetGrain<IBlockGrain>(1).Read();")]
    public void Call_in_the_table_is_allowed(string grain, string body) => Assert.Empty(FaultsOf(grain, body));

    [Theory]
    [InlineData("ChainGrain", "await GrainFactory.GetGrain<IPeerGrain>(key).Ask();")]
    [InlineData("ChainGrain", "await GrainFactory.GetGrain<IChainGrain>(key).Ask();")]
    [InlineData("ChainGrain", "GrainFactory.GetGrain(typeof(IPeerGrain), key);")]
    [InlineData("SyncRangeGrain", "await GrainFactory.GetGrain<ISyncRangeGrain>(other).GetStatus();")]
    [InlineData("SyncRangeGrain", "await GrainFactory.GetGrain<IChainGrain>(key).Report(1);")]
    [InlineData("SyncRangeGrain", "_ = GrainFactory.GetGrain<IChainGrain>(key).Ask();")]
    [InlineData("PeerGrain", "await GrainFactory.GetGrain<IBlockGrain>(1).Promote();")]
    [InlineData("PeerGrain", "var range = GrainFactory.GetGrain<ISyncRangeGrain>(key); return range.GetStatus();")]
    [InlineData("PeerGrain", "private readonly ISyncRangeGrain _range; async Task F() { await _range.Deliver(r); }")]
    [InlineData("BlockGrain", "_ = GrainFactory.GetGrain<IChainGrain>(key).Report(1);")]
    [InlineData("BlockGrain", "private ISyncRangeGrain Range(string key) => x; Task F() => Range(G(k)).GetStatus();")]
    [InlineData("BlockReaderGrain", "await GrainFactory.GetGrain<IBlockGrain>(1).Read();")]
    [InlineData("AuditGrain", "")]
    public void Call_outside_of_the_table_is_found(string grain, string body) => Assert.NotEmpty(FaultsOf(grain, body));

    [Theory]
    [InlineData("src/Grains/Peers/PeerReports.cs", true)]
    [InlineData("src/Grains/Ranges/RangeCalls.cs", false)]
    [InlineData("src/Grains/Hosting/RePoke.cs", false)]
    public void Helper_belongs_to_the_grain_of_its_folder(string path, bool found)
    {
        SourceFile helper = new(path, "internal sealed class Helper { void F() => factory.GetGrain<IPeerGrain>(k).Ask(); }");
        Assert.Equal(found, CallTable.ForbiddenCalls([helper], Contracts).Any());
    }

    private static IEnumerable<string> FaultsOf(string grain, string body) => CallTable.ForbiddenCalls(
        [new SourceFile($"src/Grains/X/{grain}.cs", $"internal sealed class {grain} : Grain\n{{\n{body}\n}}\n")], Contracts);
}
