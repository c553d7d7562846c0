using OpSync.SimulationKit;

namespace OpSync.Simulation;

public sealed class FiguresTests
{
    [Fact]
    public void Figures_reach_their_goals()
    {
        IReadOnlyList<Figure> figures = Figures.All();
        foreach (Figure figure in figures) TestContext.Current.TestOutputHelper!.WriteLine(figure.ToString());
        Assert.All(figures, f => Assert.True(f.IsReached, f.ToString()));
    }
}
