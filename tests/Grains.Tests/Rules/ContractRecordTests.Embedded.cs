using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests.Rules;

/// <summary>Messages may grow and never change: silos of two versions talk to each other while one is rolled out. What was once released is
/// recorded beside this file; OPSYNC_WRITE_DOCS=1 adds what is new, and never takes anything away.</summary>
public sealed class ContractRecordTests
{
    private static readonly string s_path = RepositoryRoot.Combine("tests", "Grains.Tests", "Rules", "contracts.txt");

    [Fact]
    public async Task Contracts_only_grow()
    {
        string[] now = ContractRecord.Of(SerializerRulesTests.Application);
        string[] recorded = await File.ReadAllLinesAsync(s_path, TestContext.Current.CancellationToken);
        Assert.Equal([], ContractRecord.Breaks(recorded, now));
        string[] news = ContractRecord.News(recorded, now);
        if (news.Length == 0) return;
        if (Environment.GetEnvironmentVariable("OPSYNC_WRITE_DOCS") != "1")
            Assert.Fail($"New, and to be recorded by a run with OPSYNC_WRITE_DOCS=1:\n{string.Join('\n', news)}");
        await File.WriteAllLinesAsync(s_path, recorded.Concat(news).Order(StringComparer.Ordinal), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("m 000 = Int32", "m 000 = Int32\nm 001 = String")]
    [InlineData("m 000 = Int32\nretired m 001 = String", "m 000 = Int32")]
    public void Growth_and_retirement_are_allowed(string recorded, string now) => Assert.Empty(ContractRecord.Breaks(recorded.Split('\n'), now.Split('\n')));

    [Theory]
    [InlineData("m 000 = Int32", "m 000 = Int64")]
    [InlineData("m 000 = Int32", "m 001 = Int32")]
    [InlineData("m 000 = Int32", "n 000 = Int32")]
    [InlineData("retired m 001 = String", "m 001 = String")]
    [InlineData("retired m 001 = String", "m 001 = Int32")]
    [InlineData("IG call = (Int32) Task", "IG call = (Int64) Task")]
    public void Change_and_reuse_are_found(string recorded, string now) => Assert.Single(ContractRecord.Breaks(recorded.Split('\n'), now.Split('\n')));
}
