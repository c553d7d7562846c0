using OpSync.Contracts.Ranges;

namespace OpSync.Gateway.Endpoints;

/// <summary>What the gateway concludes from a range's report.</summary>
internal static class RangeReportExtensions
{
    extension(RangeReport report)
    {
        /// <summary>True if every height of the range is stored as the canonical block that links to the range's own anchor.</summary>
        public bool IsProven => report.State == RangeState.Complete && report.StallText.Length == 0;
    }
}
