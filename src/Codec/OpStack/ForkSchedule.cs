using System.Diagnostics.CodeAnalysis;

namespace OpSync.Codec.OpStack;

/// <summary>When each fork of a chain becomes active, in seconds since 1970. Immutable.</summary>
public sealed class ForkSchedule : IEquatable<ForkSchedule>
{
    /// <summary>Forks there are.</summary>
    public const int Count = (int)Fork.Karst + 1;

    private readonly ulong?[] _times;

    private ForkSchedule(ulong?[] times) => _times = times;

    /// <summary>When a fork becomes active; null for never. Bedrock always is.</summary>
    public ulong? this[Fork fork] => _times[(int)fork];

    /// <summary>All forks up to this one active from genesis, later ones never.</summary>
    public static ForkSchedule FromGenesis(Fork last)
    {
        ulong?[] times = new ulong?[Count];
        times.AsSpan(0, (int)last + 1).Fill(0);
        return new ForkSchedule(times);
    }

    /// <summary>Builds a schedule.</summary>
    /// <param name="times">Activation per fork in the order of <see cref="Fork"/>; missing ones are never.</param>
    /// <param name="schedule">The schedule, null after an error.</param>
    /// <param name="error">The rule that is broken, in words, or null. As in op-node a fork needs all earlier ones, none of
    /// them later than itself; Regolith may be left out, which payloads do not show.</param>
    public static bool TryCreate(
        ReadOnlySpan<ulong?> times,
        [NotNullWhen(true)] out ForkSchedule? schedule,
        [NotNullWhen(false)] out string? error)
    {
        schedule = null;
        error = null;
        ulong?[] all = new ulong?[Count];
        times.CopyTo(all);
        all[(int)Fork.Bedrock] = 0;
        for (Fork fork = Fork.Canyon; (int)fork < Count; fork++)
        {
            Fork before = fork - 1;
            if (all[(int)fork] is not { } time) continue;
            if (all[(int)before] is { } earlier ? time < earlier : before != Fork.Regolith)
            {
                error = $"{fork} is set to {time} but {before} {(all[(int)before] is { } t ? $"to {t}" : "is not set")}";
                return false;
            }
        }

        schedule = new ForkSchedule(all);
        return true;
    }

    /// <summary>The latest fork that is active at a time.</summary>
    public Fork At(ulong timestamp)
    {
        for (Fork fork = Fork.Karst; fork > Fork.Bedrock; fork--)
            if (_times[(int)fork] <= timestamp)
                return fork;
        return Fork.Bedrock;
    }

    /// <summary>The layout of payloads of that time.</summary>
    public PayloadVersion VersionAt(ulong timestamp) => At(timestamp) switch
    {
        >= Fork.Isthmus => PayloadVersion.V4,
        >= Fork.Ecotone => PayloadVersion.V3,
        >= Fork.Canyon => PayloadVersion.V2,
        _ => PayloadVersion.V1,
    };

    /// <inheritdoc/>
    public bool Equals(ForkSchedule? other) => other is not null && _times.AsSpan().SequenceEqual(other._times);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ForkSchedule);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(this[Fork.Canyon], this[Fork.Ecotone], this[Fork.Isthmus], this[Fork.Karst]);
}
