using OpSync.Codec.Keccak;

namespace OpSync.Codec.Trie;

/// <summary>Builds one trie from its leaves up. See <see cref="OrderedTrie"/>.</summary>
internal ref struct OrderedTrieBuilder(ReadOnlySpan<byte> values, ReadOnlySpan<uint> offsets, KeccakBackend backend)
{
    private readonly ReadOnlySpan<byte> _values = values;
    private readonly ReadOnlySpan<uint> _offsets = offsets;
    private readonly TrieScratch _scratch = TrieScratch.OfThread;
    private int _queued;
    private int _encoded;

    /// <summary>Builds the subtree of some values that follow each other in key order.</summary>
    /// <param name="first">Position of the first value.</param>
    /// <param name="count">Values, at least 1.</param>
    /// <param name="depth">Nibbles above the subtree, the same in all its keys.</param>
    /// <param name="result">Receives the reference to the subtree.</param>
    public void Build(int first, int count, int depth, ref TrieNode result)
    {
        if (count <= TrieScratch.NodesMax)
        {
            BuildByLevels(first, count, depth);
            result = _scratch.Nodes[0];
            return;
        }

        // At most eight levels deep, as keys have at most eight nibbles.
        int branchDepth = IndexKey.CommonPrefix(KeyAt(first), KeyAt(first + count - 1));
        Span<TrieNode> children = stackalloc TrieNode[TrieNodeWriter.Radix];
        int childCount = 0;
        for (int start = first; start < first + count;)
        {
            int nibble = KeyAt(start).Nibble(branchDepth);
            int end = start + 1;
            while (end < first + count && KeyAt(end).Nibble(branchDepth) == nibble) end++;
            ref TrieNode child = ref children[childCount++];
            Build(start, end - start, branchDepth + 1, ref child);
            start = end;
        }

        Span<byte> encoded = stackalloc byte[TrieNodeWriter.BranchSizeMax];
        Finish(ref result, encoded[..TrieNodeWriter.WriteBranch(children[..childCount], branchDepth, encoded)]);
        result.Key = children[0].Key;
        if (branchDepth > depth) Finish(ref result, encoded[..TrieNodeWriter.WriteExtension(in result, depth, branchDepth, encoded)]);
    }

    private readonly IndexKey KeyAt(int position) => IndexKey.Of(IndexKey.IndexAt(position, _offsets.Length));

    private static void Finish(ref TrieNode node, ReadOnlySpan<byte> encoded)
    {
        if (encoded.Length < TrieNode.HashedFrom) node.Embed(encoded);
        else node.SetHash(Keccak256.Hash(encoded));
    }

    private void BuildByLevels(int first, int count, int depth)
    {
        Span<TrieNode> nodes = _scratch.Nodes.AsSpan(0, count);
        for (int i = 0; i < count; i++) nodes[i] = new TrieNode { Key = KeyAt(first + i) };
        for (int i = 0; i < count; i++) nodes[i].BranchDepth = BranchDepthOf(nodes, i, i + 1, nodes[i].Key, depth);
        AddLeaves(first, nodes);

        while (nodes.Length > 1) nodes = nodes[..JoinDeepest(nodes, depth)];
    }

    /// <summary>The depth of the lowest branch above a node: the longest prefix it shares with a neighbour.</summary>
    /// <param name="nodes">Nodes in key order.</param>
    /// <param name="start">Its left neighbour stands before this. It may be a branch already: any key below it will do.</param>
    /// <param name="end">Position of its right neighbour.</param>
    /// <param name="key">Its key.</param>
    /// <param name="depth">Depth of the subtree: without neighbours there is no branch above the node in it.</param>
    private static int BranchDepthOf(ReadOnlySpan<TrieNode> nodes, int start, int end, IndexKey key, int depth)
    {
        int branchDepth = depth - 1;
        if (start > 0) branchDepth = IndexKey.CommonPrefix(nodes[start - 1].Key, key);
        if (end < nodes.Length) branchDepth = Math.Max(branchDepth, IndexKey.CommonPrefix(key, nodes[end].Key));
        return branchDepth;
    }

    private void AddLeaves(int first, Span<TrieNode> nodes)
    {
        for (int i = 0; i < nodes.Length; i++)
        {
            int index = IndexKey.IndexAt(first + i, _offsets.Length);
            int start = (int)_offsets[index];
            int end = index + 1 < _offsets.Length ? (int)_offsets[index + 1] : _values.Length;
            ReadOnlySpan<byte> value = _values[start..end];

            Span<byte> head = _scratch.Encoded.AsSpan(_encoded, TrieNodeWriter.LeafHeadMax);
            head = head[..TrieNodeWriter.WriteLeafHead(nodes[i].Key, nodes[i].BranchDepth + 1, value, head)];
            if (head.Length + value.Length < TrieNode.HashedFrom)
            {
                nodes[i].Embed(head, value);
                continue;
            }

            Queue(new KeccakMessage(_encoded, head.Length, start, value.Length), i);
            _encoded += head.Length;
            if (_queued == TrieScratch.BatchMax) Flush(nodes, _values);
        }

        Flush(nodes, _values);
    }

    /// <summary>Replaces the nodes below each of the deepest branches by that branch.</summary>
    /// <returns>Nodes left at the front.</returns>
    private int JoinDeepest(Span<TrieNode> nodes, int depth)
    {
        int deepest = 0;
        foreach (ref readonly TrieNode node in nodes) deepest = Math.Max(deepest, node.BranchDepth);

        int kept = 0;
        bool extends = false;
        for (int start = 0; start < nodes.Length;)
        {
            IndexKey key = nodes[start].Key;
            int end = start + 1;
            if (nodes[start].BranchDepth < deepest)
            {
                nodes[kept++] = nodes[start];
                start = end;
                continue;
            }

            while (end < nodes.Length && IndexKey.CommonPrefix(key, nodes[end].Key) == deepest) end++;

            int branchDepth = BranchDepthOf(nodes, kept, end, key, depth);
            Span<byte> encoded = _scratch.Encoded.AsSpan(_encoded, TrieNodeWriter.BranchSizeMax);
            int size = TrieNodeWriter.WriteBranch(nodes[start..end], deepest, encoded);
            ref TrieNode branch = ref nodes[kept];
            branch = new TrieNode { Key = key, BranchDepth = branchDepth, ExtendTo = branchDepth + 1 < deepest ? deepest : 0 };
            extends |= branch.ExtendTo > 0;
            Add(ref branch, kept, encoded[..size], nodes);
            kept++;
            start = end;
        }

        nodes = nodes[..kept];
        Flush(nodes, _scratch.Encoded);
        if (extends) Extend(nodes);
        return kept;
    }

    private void Extend(Span<TrieNode> nodes)
    {
        for (int i = 0; i < nodes.Length; i++)
        {
            ref TrieNode node = ref nodes[i];
            if (node.ExtendTo == 0) continue;
            Span<byte> encoded = _scratch.Encoded.AsSpan(_encoded, TrieNodeWriter.ExtensionSizeMax);
            int size = TrieNodeWriter.WriteExtension(in node, node.BranchDepth + 1, node.ExtendTo, encoded);
            node.ExtendTo = 0;
            Add(ref node, i, encoded[..size], nodes);
        }

        Flush(nodes, _scratch.Encoded);
    }

    private void Add(ref TrieNode node, int owner, ReadOnlySpan<byte> encoded, Span<TrieNode> nodes)
    {
        if (encoded.Length < TrieNode.HashedFrom)
        {
            node.Embed(encoded);
            return;
        }

        Queue(new KeccakMessage(_encoded, encoded.Length), owner);
        _encoded += encoded.Length;
        if (_queued == TrieScratch.BatchMax) Flush(nodes, _scratch.Encoded);
    }

    private void Queue(KeccakMessage message, int owner)
    {
        _scratch.Messages[_queued] = message;
        _scratch.Owners[_queued++] = owner;
    }

    private void Flush(Span<TrieNode> nodes, ReadOnlySpan<byte> bodies)
    {
        ReadOnlySpan<KeccakMessage> messages = _scratch.Messages.AsSpan(0, _queued);
        Keccak256Batch.Hash(_scratch.Encoded, bodies, messages, _scratch.Hashes, backend);
        for (int i = 0; i < messages.Length; i++) nodes[_scratch.Owners[i]].SetHash(_scratch.Hashes[i]);
        _queued = _encoded = 0;
    }
}
