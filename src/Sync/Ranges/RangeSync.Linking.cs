using System.Diagnostics;
using OpSync.Codec.Primitives;
using OpSync.Sync.Blocks;
using OpSync.Sync.Peers;

namespace OpSync.Sync.Ranges;

// What is known of blocks: quarantine, linking, promotion, the store's word.
public sealed partial class RangeSync
{
    private long _heldBytes;
    private long _linkedBytes;
    private int _held;
    private int _linked;
    private TimeSpan _promoteDue = TimeSpan.MaxValue;
    private bool _promoteSlowly;

    private long QuarantinedBytes => _heldBytes + _linkedBytes;

    private void AddIsland(Island island)
    {
        if (_cursor == _end || island.Range.Last > HeightAt(_cursor) || island.Range.Last < _target.Range.First) return;

        // Trust would leave such an island below the lower link, where it cannot be compared.
        if (island.Range.First < _target.Range.First && _target.LowerLink is not null) return;
        _islands.Add(island);
        Rebar(island.Range);
    }

    /// <summary>A block arrived. The payload lies in quarantine until it is promoted or rejected.</summary>
    private void OnBlock(in BlockRecord block, PeerKey sender)
    {
        LearnSize(block.Size);
        long depth = DepthOf(block.Number);
        if (!_window.Contains(depth))
        {
            _out.Reject.Add(block.Id);
            return;
        }

        ref Slot slot = ref _window[depth];
        bool isKnown = _peers.TryFind(sender, out int peer);
        bool hasRoom = true;
        switch (slot.State)
        {
            case SlotState.Linked or SlotState.Lost when block.Hash != slot.First.Hash:
                _out.Reject.Add(block.Id);
                Condemn(sender, block.Id, slot.First.Hash);
                break;
            case SlotState.Linked:
                slot.HasCopy = true;
                break;
            case SlotState.Lost when !MakeCursorRoom(depth):
                hasRoom = false;
                break;
            case SlotState.Lost:
                slot.First = Candidate.Of(in block, sender);
                Promote(depth, ref slot);
                break;
            case SlotState.Durable:
                _out.Reject.Add(block.Id);
                break;
            default:
                if (depth == _cursor) hasRoom = OnCursorBlock(ref slot, in block, sender);
                else if (_known.TryGet(depth, out Hash32 trusted)) hasRoom = OnKnownBlock(depth, ref slot, in block, sender, trusted);
                else if (isKnown && IsLiar(peer)) _out.Reject.Add(block.Id);
                else hasRoom = Hold(depth, ref slot, in block, sender);
                break;
        }

        // It is asked for again when there is room, and of its sender as well: nobody failed but we.
        if (!hasRoom)
        {
            _out.Reject.Add(block.Id);
            return;
        }

        if (isKnown && slot.State is SlotState.Open or SlotState.Held or SlotState.Lost) _window.MarkTried(depth, peer);
        UpdateWanted(depth);
        CancelNeedless(depth);
    }

    /// <summary>The hash at the cursor is known, so this is decided at once: only the right block is ever held here.</summary>
    /// <returns>False if there is no room for it.</returns>
    private bool OnCursorBlock(ref Slot slot, in BlockRecord block, PeerKey sender)
    {
        if (block.Hash == _cursorHash)
        {
            if (!MakeCursorRoom(_cursor)) return false;
            HoldFirst(ref slot, in block, sender);
            Link();
            MakeRoom(0, _cursor + 1);
            return true;
        }

        _out.Reject.Add(block.Id);
        _mismatchDepth = _cursor;
        _mismatchHash = block.Hash;
        if (_cursor > 0) Condemn(sender, block.Id, _cursorHash);
        else _evidence.Add(block.Hash, sender, _now);
        return true;
    }

    /// <returns>False if there is no room for it.</returns>
    private bool Hold(long depth, ref Slot slot, in BlockRecord block, PeerKey sender)
    {
        if (slot.State == SlotState.Held)
        {
            if (slot.First.Hash == block.Hash)
            {
                slot.First.AddSender(sender);
                return true;
            }

            for (int i = 0; i < slot.Others?.Count; i++)
            {
                Candidate known = slot.Others[i];
                if (known.Hash != block.Hash) continue;
                known.AddSender(sender);
                slot.Others[i] = known;
                return true;
            }
        }

        // The window was sized by an estimate. Where the real blocks are larger, the lowest give way: they are needed last.
        bool full = slot.State == SlotState.Held && 1 + (slot.Others?.Count ?? 0) == Slot.CandidatesMax;
        if (full)
        {
            _out.Reject.Add(block.Id);
            return true;
        }

        if (!MakeRoom(block.Size, depth + 1)) return false;
        if (slot.State == SlotState.Open)
        {
            HoldFirst(ref slot, in block, sender);
            return true;
        }

        (slot.Others ??= []).Add(Candidate.Of(in block, sender));
        _held++;
        _heldBytes += block.Size;
        return true;
    }

    private void HoldFirst(ref Slot slot, in BlockRecord block, PeerKey sender)
    {
        slot.State = SlotState.Held;
        slot.First = Candidate.Of(in block, sender);
        _held++;
        _heldBytes += block.Size;
    }

    /// <summary>Moves the cursor down as far as islands and records reach.</summary>
    private void Link()
    {
        while (_cursor < _end)
        {
            if (_islands.TryPeekTop(out Island island) && island.Range.Last >= HeightAt(_cursor))
            {
                _islands.RemoveTop();
                if (island.Range.Last == HeightAt(_cursor) && island.LastHash == _cursorHash)
                {
                    Jump(island);
                    continue;
                }

                if (island.Range.Last == HeightAt(_cursor))
                    Contradict(new Contradiction(island.Range.Last, _cursorHash, island.LastHash, "store"));
                Rebar(island.Range);
                continue;
            }

            if (!_window.Contains(_cursor) || !LinkCursor()) return;
        }
    }

    /// <summary>Moves the cursor over its height if that is decided, now or before.</summary>
    private bool LinkCursor()
    {
        ref Slot slot = ref _window[_cursor];
        if (slot.State == SlotState.Open || (slot.State == SlotState.Held && !DecideHeld(_cursor, _cursorHash))) return false;
        if (slot.First.Hash != _cursorHash) throw new UnreachableException($"Block {HeightAt(_cursor)} was promoted with another hash than its child names.");
        MoveCursor(_cursor + 1, slot.First.Parent, isParentKnown: true);
        return true;
    }

    /// <summary>A stored island hangs on the cursor: all of it is linked and durable.</summary>
    private void Jump(Island island)
    {
        long from = _cursor;
        long to = island.Range.First <= _target.Range.First ? _end : DepthOf(island.Range.First) + 1;
        BlockRange range = _target.Range;
        for (long depth = from; depth < Math.Min(to, _window.Next); depth++)
        {
            if (ReleaseSlot(depth) && range.Contains(HeightAt(depth))) _stored--;
            _window[depth].State = SlotState.Durable;
            UpdateWanted(depth);
            CancelNeedless(depth);
        }

        if (island.Range.Overlaps(range))
            _stored += Math.Min(island.Range.Last, range.Last) - Math.Max(island.Range.First, range.First) + 1;
        _out.Stored.Add(island);
        MoveCursor(to, island.FirstParentHash, island.Range.First >= range.First);
    }

    private void MoveCursor(long to, Hash32 parent, bool isParentKnown)
    {
        if (_cursor == 0) ConvictAnchorLiars();
        _cursor = to;
        _cursorHash = parent;
        if (to == _end && isParentKnown && _target.LowerLink is { } link && link.Hash != parent)
        {
            _doesNotAttach = true;
            _endText = $"The lowest block {_target.Range.First} has the parent {parent}, not {link.Hash} as given.";
            Contradict(new Contradiction(link.Number, parent, link.Hash, "lower link"));
        }
    }

    private void Promote(long depth, ref Slot slot)
    {
        slot.State = SlotState.Linked;
        _linked++;
        _linkedBytes += slot.First.Size;
        SendPromote(depth, ref slot);
    }

    private void SendPromote(long depth, ref Slot slot)
    {
        slot.Due = After(_now, _promoteSlowly ? 8 * _options.PromoteRepeat : _options.PromoteRepeat);
        if (slot.Due < _promoteDue) _promoteDue = slot.Due;
        _out.Promote.Add(new BlockId(HeightAt(depth), slot.First.Hash));
    }

    private void RepeatPromotions()
    {
        if (_now < _promoteDue) return;
        _promoteDue = TimeSpan.MaxValue;
        for (long depth = _window.Base; depth < _window.Next; depth++)
        {
            ref Slot slot = ref _window[depth];
            if (slot.State != SlotState.Linked) continue;
            if (slot.Due <= _now) SendPromote(depth, ref slot);
            else if (slot.Due < _promoteDue) _promoteDue = slot.Due;
        }

        // Promotions fall due one by one; looking through the window for each of them would cost its square.
        TimeSpan soonest = After(_now, _options.PromoteRepeat / 8);
        if (_promoteDue < soonest) _promoteDue = soonest;
    }

    private void OnPromoteReply(in PromoteReply reply)
    {
        long depth = DepthOf(reply.Block.Number);
        if (!_window.Contains(depth)) return;
        ref Slot slot = ref _window[depth];
        if (slot.State != SlotState.Linked || slot.First.Hash != reply.Block.Hash) return;
        if (reply.Answer != PromoteAnswer.Missing)
        {
            slot.Due = After(_now, _promoteSlowly ? 8 * _options.PromoteRepeat : _options.PromoteRepeat);
            return;
        }

        slot.State = SlotState.Lost;
        _linked--;
        _linkedBytes -= slot.First.Size;
        _window.Tried(depth).Clear();
        UpdateWanted(depth);
    }

    private void OnAck(in StoreAck ack)
    {
        long depth = DepthOf(ack.Block.Number);
        if (!_window.Contains(depth)) return;
        ref Slot slot = ref _window[depth];
        if (slot.State is not (SlotState.Linked or SlotState.Lost) || slot.First.Hash != ack.Block.Hash) return;
        if (slot.State == SlotState.Linked)
        {
            _linked--;
            _linkedBytes -= slot.First.Size;
        }

        slot.State = SlotState.Durable;
        if (slot.HasCopy) _out.Reject.Add(ack.Block);
        UpdateWanted(depth);
        CancelNeedless(depth);
        OnStored(slot.First.Size);
        if (_target.Range.Contains(ack.Block.Number)) _stored++;
        if (ack.Conflict is { } other)
        {
            // A run of conflicts is one disagreement: its first height says it all.
            if (Math.Abs(depth - _lastConflict) != 1)
                Contradict(new Contradiction(ack.Block.Number, ack.Block.Hash, other, "store"));
            _lastConflict = depth;
            _notCanonical++;
            return;
        }

        _out.Stored.Add(new Island(new BlockRange(ack.Block.Number, ack.Block.Number), slot.First.Hash, slot.First.Parent));
    }

    /// <summary>While the store takes nothing, promotions are repeated rarely; when it takes blocks again, all at once.</summary>
    private void OnStoreState(string? reason)
    {
        bool resumed = _storeStall is not null && reason is null;
        _storeStall = reason;
        _promoteSlowly = reason is not null;
        if (!resumed) return;
        for (long depth = _window.Base; depth < _window.Next; depth++)
        {
            if (_window[depth].State == SlotState.Linked) _window[depth].Due = _now;
        }

        _promoteDue = _now;
    }

    private void DropCandidates(long depth)
    {
        ref Slot slot = ref _window[depth];
        if (slot.State != SlotState.Held) return;
        ulong height = HeightAt(depth);
        Drop(height, in slot.First);
        for (int i = 0; i < slot.Others?.Count; i++) Drop(height, slot.Others[i]);
        slot.State = SlotState.Open;
        slot.First = default;
        slot.Others = null;
    }

    private void Drop(ulong height, in Candidate candidate)
    {
        _out.Reject.Add(new BlockId(height, candidate.Hash));
        _held--;
        _heldBytes -= candidate.Size;
    }

    /// <summary>Gives up held blocks from the bottom of the window until <paramref name="size"/> more bytes fit.</summary>
    /// <param name="size">Bytes needed.</param>
    /// <param name="from">What is less deep is kept.</param>
    private bool MakeRoom(int size, long from)
    {
        if (Accounted + size <= _options.WindowBytesMax) return true;
        for (long depth = _window.Next - 1; depth >= from && Accounted + size > _options.WindowBytesMax; depth--)
        {
            if (_window[depth].State != SlotState.Held) continue;
            DropCandidates(depth);
            _window.Tried(depth).Clear();
            UpdateWanted(depth);
        }

        return Accounted + size <= _options.WindowBytesMax;
    }

    private void MergeStored()
    {
        List<Island> stored = _out.Stored;
        if (stored.Count < 2) return;
        stored.Sort(static (a, b) => a.Range.CompareTo(b.Range));
        int kept = 0;
        for (int i = 1; i < stored.Count; i++)
        {
            if (IslandList.Fits(stored[kept], stored[i])) stored[kept] = IslandList.Merge(stored[kept], stored[i]);
            else stored[++kept] = stored[i];
        }

        stored.RemoveRange(kept + 1, stored.Count - kept - 1);
    }
}
