using System.Text;

namespace OpSync.Gateway.Live;

/// <summary>The latest state of one thing, as the bytes that every subscriber gets.</summary>
/// <param name="Sequence">Rises with each change in the feed.</param>
/// <param name="Key">The thing: a newer event with the same key replaces this one.</param>
/// <param name="Json">Its state.</param>
/// <param name="Frame">The event on the wire (WHATWG HTML, server-sent events).</param>
/// <param name="IsGone">The thing is no more.</param>
internal sealed record LiveEvent(long Sequence, string Key, byte[] Json, byte[] Frame, bool IsGone)
{
    /// <summary>Kind of the event that says that a thing is no more.</summary>
    public const string Gone = "gone";

    /// <summary>Begins a stream that tells everything from the start: what a subscriber knew before is void.</summary>
    public static readonly byte[] Reset = "event: reset\ndata: {}\n\n"u8.ToArray();

    /// <summary>Builds the frame once for all subscribers.</summary>
    /// <param name="epoch">Names the life of the feed: sequences of another life mean nothing.</param>
    /// <param name="sequence">Place in the feed.</param>
    /// <param name="type">Kind of event.</param>
    /// <param name="key">The thing.</param>
    /// <param name="json">Its state, on one line.</param>
    public static LiveEvent Create(string epoch, long sequence, string type, string key, byte[] json) => new(
        sequence, key, json, [.. Encoding.ASCII.GetBytes($"id: {epoch}-{sequence}\nevent: {type}\ndata: "), .. json, .. "\n\n"u8], type == Gone);
}
