using OpSync.Codec.Primitives;
using OpSync.Sync.Blocks;
using OpSync.Sync.Peers;

namespace OpSync.Sync.Ranges;

// What headers add: below the cursor, hashes are known before bodies come. Such a body is right or wrong at once, whoever sent it
// and in whatever order; the cursor follows over what is promoted already.
public sealed partial class RangeSync
{
    private readonly KnownHashes _known = new();

    /// <summary>The highest block that is trusted and not there yet, or null once everything is linked: where headers must attach.</summary>
    public BlockId? CursorBlock => Result == RangeResult.None && _cursor < _end ? new BlockId(HeightAt(_cursor), _cursorHash) : null;

    /// <summary>Headers link these heights to the anchor: what lies in quarantine there is decided now.</summary>
    private void OnHashesKnown(ulong top, IReadOnlyList<Hash32> hashes)
    {
        for (int i = 0; i < hashes.Count && top >= (ulong)i; i++)
        {
            long depth = DepthOf(top - (ulong)i);
            if (depth <= _cursor) continue;
            _known.Set(depth, hashes[i]);
            if (_window.Contains(depth) && _window[depth].State == SlotState.Held) DecideHeld(depth, hashes[i]);
        }
    }

    /// <summary>A block of a height whose hash is known arrived.</summary>
    /// <returns>False if there is no room for it.</returns>
    private bool OnKnownBlock(long depth, ref Slot slot, in BlockRecord block, PeerKey sender, Hash32 trusted)
    {
        if (block.Hash != trusted)
        {
            _out.Reject.Add(block.Id);
            Condemn(sender, block.Id, trusted);
            return true;
        }

        if (!MakeRoom(block.Size, depth + 1)) return false;
        slot.First = Candidate.Of(in block, sender);
        Promote(depth, ref slot);
        return true;
    }

    /// <summary>Decides the candidates of a height: one is promoted, the others are lies.</summary>
    /// <returns>True if one of them is right.</returns>
    private bool DecideHeld(long depth, Hash32 trusted)
    {
        ref Slot slot = ref _window[depth];
        int right = slot.First.Hash == trusted ? 0 : -1;
        for (int i = 0; right < 0 && i < slot.Others?.Count; i++)
        {
            if (slot.Others[i].Hash == trusted) right = i + 1;
        }

        Candidate kept = right < 0 ? default : right == 0 ? slot.First : slot.Others![right - 1];
        if (right != 0) Refute(depth, in slot.First, trusted);
        for (int i = 0; i < slot.Others?.Count; i++)
        {
            if (i + 1 != right) Refute(depth, slot.Others[i], trusted);
        }

        slot.Others = null;
        slot.First = kept;
        if (right < 0)
        {
            slot.State = SlotState.Open;
        }
        else
        {
            _held--;
            _heldBytes -= kept.Size;
            Promote(depth, ref slot);
        }

        UpdateWanted(depth);
        return right >= 0;
    }

    /// <summary>Gives up what lies in a slot that the store turned out to hold.</summary>
    /// <returns>True if this range counted the height as stored before.</returns>
    private bool ReleaseSlot(long depth)
    {
        DropCandidates(depth);
        ref Slot slot = ref _window[depth];
        if (slot.State == SlotState.Linked)
        {
            // The promotion is under way; whether it arrives or not, the store has the block.
            _out.Reject.Add(new BlockId(HeightAt(depth), slot.First.Hash));
            _linked--;
            _linkedBytes -= slot.First.Size;
        }

        return slot.State == SlotState.Durable;
    }
}
