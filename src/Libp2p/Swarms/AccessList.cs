using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using OpSync.Libp2p.Identity;

namespace OpSync.Libp2p.Swarms;

/// <summary>Who may be connected to us, by peer id and by network, each rule with an end if it has one. Thread-safe.</summary>
/// <remarks>
/// A rule about the peer decides before one about its network, so that one liar can be kept out of an allowed network and one
/// friend let in from a blocked one; of two rules of a kind, allowed beats blocked. A peer is known after its handshake only: one
/// that is allowed inside a blocked network can be dialled, but not dial us, unless its address is allowed as well.
/// A rule that has ended counts no more from that moment on.
/// </remarks>
/// <param name="time">Clock of the ends.</param>
/// <param name="rulesMax">Rules kept, 1 or more. Above it the one that ends first gives way; with none that ends, a new one is
/// refused. Either is counted as a refusal of the limit <c>AccessRulesMax</c>.</param>
/// <param name="log">Told once a minute at most that rules give way; null for nobody.</param>
public sealed class AccessList(TimeProvider time, int rulesMax = AccessList.RulesMaxDefault, ILogger? log = null)
{
    /// <summary>Rules kept where nothing else is said.</summary>
    public const int RulesMaxDefault = 16_384;

    private static readonly TimeSpan ToldAgainAfter = TimeSpan.FromMinutes(1);

    private readonly record struct RuleKey(AccessEffect Effect, PeerId? Peer, Prefix? Network);

    /// <summary>The first <paramref name="Length"/> bits of an address, from the top of 128; the rest are zero.</summary>
    private readonly record struct Prefix(bool IsV4, int Length, UInt128 Bits);

    private readonly Lock _gate = new();
    private readonly Dictionary<RuleKey, DateTimeOffset?> _rules = [];
    private readonly int[] _lengthsV4 = new int[33];   // rules of each prefix length: only lengths in use are looked up
    private readonly int[] _lengthsV6 = new int[129];
    private int _allowedPeers;
    private bool _allowOnly;
    private long? _toldAt;

    /// <summary>Something that was allowed may be so no more. Called on the changing thread, outside any lock.</summary>
    internal event Action? Narrowed;

    /// <summary>Only what a rule allows is let in. Without a rule that allows, that is nobody.</summary>
    public bool AllowOnly
    {
        get
        {
            lock (_gate)
                return _allowOnly;
        }

        set
        {
            lock (_gate)
                _allowOnly = value;
            if (value)
                Narrowed?.Invoke();
        }
    }

    /// <summary>Whether a connection with the peer at the address may be.</summary>
    /// <param name="peer">Null where it is not known yet: then the address alone decides, and the question is asked again later.</param>
    /// <param name="address">The remote address; an IPv4 address in IPv6 form counts as the former.</param>
    public bool IsAllowed(PeerId? peer, IPAddress address)
    {
        lock (_gate)
        {
            if (_rules.Count == 0 && !_allowOnly)
                return true;
            DateTimeOffset now = time.GetUtcNow();
            if (peer is not null)
            {
                if (Holds(new RuleKey(AccessEffect.Allow, peer, null), now))
                    return true;
                if (Holds(new RuleKey(AccessEffect.Block, peer, null), now))
                    return false;
            }
            if (HoldsForAddress(AccessEffect.Allow, address, now))
                return true;
            if (HoldsForAddress(AccessEffect.Block, address, now))
                return false;
            return !_allowOnly || (peer is null && _allowedPeers > 0);
        }
    }

    /// <summary>Keeps a peer out; an earlier block of it is replaced. Its connections are closed.</summary>
    /// <returns>False when the list is full of rules without end.</returns>
    public bool BlockPeer(PeerId peer, DateTimeOffset? until) => Add(new RuleKey(AccessEffect.Block, peer, null), until);

    /// <summary>Whether a rule blocks this peer.</summary>
    public bool HasBlock(PeerId peer) => Has(new RuleKey(AccessEffect.Block, peer, null));

    /// <summary>Whether a rule blocks exactly this network.</summary>
    public bool HasBlock(IPNetwork network) => Has(new RuleKey(AccessEffect.Block, null, PrefixOf(network.BaseAddress, network.PrefixLength)));

    /// <summary>Takes the block of a peer back.</summary>
    public void UnblockPeer(PeerId peer) => Remove(new RuleKey(AccessEffect.Block, peer, null));

    /// <summary>Keeps a network out; an earlier block of the same network is replaced. Its connections are closed.</summary>
    /// <returns>False when the list is full of rules without end.</returns>
    public bool BlockNetwork(IPNetwork network, DateTimeOffset? until) =>
        Add(new RuleKey(AccessEffect.Block, null, PrefixOf(network.BaseAddress, network.PrefixLength)), until);

    /// <summary>Takes the block of exactly this network back.</summary>
    public void UnblockNetwork(IPNetwork network) =>
        Remove(new RuleKey(AccessEffect.Block, null, PrefixOf(network.BaseAddress, network.PrefixLength)));

    /// <summary>Lets a peer in whatever is said of it otherwise.</summary>
    /// <returns>False when the list is full of rules without end.</returns>
    public bool AllowPeer(PeerId peer, DateTimeOffset? until = null) => Add(new RuleKey(AccessEffect.Allow, peer, null), until);

    /// <summary>Takes the permission of a peer back.</summary>
    public void DisallowPeer(PeerId peer) => Remove(new RuleKey(AccessEffect.Allow, peer, null));

    /// <summary>Lets a network in whatever is said of it or of a part of it otherwise, but for blocked peers.</summary>
    /// <returns>False when the list is full of rules without end.</returns>
    public bool AllowNetwork(IPNetwork network, DateTimeOffset? until = null) =>
        Add(new RuleKey(AccessEffect.Allow, null, PrefixOf(network.BaseAddress, network.PrefixLength)), until);

    /// <summary>Takes the permission of exactly this network back.</summary>
    public void DisallowNetwork(IPNetwork network) =>
        Remove(new RuleKey(AccessEffect.Allow, null, PrefixOf(network.BaseAddress, network.PrefixLength)));

    /// <summary>The rules that hold now, in no order.</summary>
    public ImmutableArray<AccessRule> List()
    {
        lock (_gate)
        {
            DropEnded(time.GetUtcNow());
            return [.. _rules.Select(static rule => new AccessRule(
                rule.Key.Effect, rule.Key.Peer, rule.Key.Network is { } prefix ? NetworkOf(prefix) : null, rule.Value))];
        }
    }

    private bool Add(RuleKey key, DateTimeOffset? until)
    {
        lock (_gate)
        {
            if (!_rules.ContainsKey(key) && _rules.Count >= rulesMax && !TryMakeRoom(until))
                return false;
            if (_rules.TryAdd(key, until))
                Count(key, 1);
            else
                _rules[key] = until;
        }
        if (key.Effect == AccessEffect.Block)
            Narrowed?.Invoke();
        return true;
    }

    private void Remove(RuleKey key)
    {
        lock (_gate)
            RemoveCounted(key);
        if (key.Effect == AccessEffect.Allow)
            Narrowed?.Invoke();
    }

    private bool Has(RuleKey key)
    {
        lock (_gate)
            return Holds(key, time.GetUtcNow());
    }

    private bool Holds(RuleKey key, DateTimeOffset now) =>
        _rules.TryGetValue(key, out DateTimeOffset? until) && (until is null || until > now);

    private bool HoldsForAddress(AccessEffect effect, IPAddress address, DateTimeOffset now)
    {
        Prefix whole = PrefixOf(address, int.MaxValue);
        int[] lengths = whole.IsV4 ? _lengthsV4 : _lengthsV6;
        for (int length = 0; length < lengths.Length; length++)
        {
            if (lengths[length] > 0 && Holds(new RuleKey(effect, null, Cut(whole, length)), now))
                return true;
        }
        return false;
    }

    private bool TryMakeRoom(DateTimeOffset? until)
    {
        DropEnded(time.GetUtcNow());
        if (_rules.Count < rulesMax)
            return true;
        TellFull();
        RuleKey? first = null;
        DateTimeOffset end = until ?? DateTimeOffset.MaxValue;   // a rule does not give way to one that ends sooner
        foreach ((RuleKey key, DateTimeOffset? ruleEnd) in _rules)
        {
            if (ruleEnd is { } sooner && sooner <= end)
                (first, end) = (key, sooner);
        }
        if (first is not { } gone)
            return false;
        RemoveCounted(gone);
        return true;
    }

    private void TellFull()
    {
        LimitMetrics.Refused("AccessRulesMax");
        if (log is null || (_toldAt is { } told && time.GetElapsedTime(told) < ToldAgainAfter))
            return;
        _toldAt = time.GetTimestamp();
        Log.AccessListFull(log, rulesMax);
    }

    private void DropEnded(DateTimeOffset now)
    {
        foreach (RuleKey key in _rules.Where(rule => rule.Value <= now).Select(static rule => rule.Key).ToArray())
            RemoveCounted(key);
    }

    private void RemoveCounted(RuleKey key)
    {
        if (_rules.Remove(key))
            Count(key, -1);
    }

    private void Count(RuleKey key, int change)
    {
        if (key.Network is { } prefix)
            (prefix.IsV4 ? _lengthsV4 : _lengthsV6)[prefix.Length] += change;
        else if (key.Effect == AccessEffect.Allow)
            _allowedPeers += change;
    }

    /// <summary>The address's prefix of a length; a length beyond the address's own gives all of it.</summary>
    private static Prefix PrefixOf(IPAddress address, int length)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address.IsIPv4MappedToIPv6)
        {
            address.MapToIPv4().TryWriteBytes(bytes, out _);
            return Cut(new Prefix(true, 32, BinaryPrimitives.ReadUInt128BigEndian(bytes)), length >= 96 && length <= 128 ? length - 96 : length);
        }
        bool isV4 = address.AddressFamily == AddressFamily.InterNetwork;
        address.TryWriteBytes(bytes, out _);
        return Cut(new Prefix(isV4, isV4 ? 32 : 128, BinaryPrimitives.ReadUInt128BigEndian(bytes)), length);
    }

    private static Prefix Cut(Prefix prefix, int length)
    {
        if (length >= prefix.Length)
            return prefix;
        return prefix with { Length = length, Bits = length == 0 ? UInt128.Zero : prefix.Bits & (UInt128.MaxValue << (128 - length)) };
    }

    private static IPNetwork NetworkOf(Prefix prefix)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, prefix.Bits);
        return new IPNetwork(new IPAddress(prefix.IsV4 ? bytes[..4] : bytes), prefix.Length);
    }
}
