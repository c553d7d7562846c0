namespace OpSync.Fuzz.Kit;

/// <summary>What a target tells the mutators of one input. Cleared and used again for each.</summary>
internal sealed class Structure
{
    private const int EntriesMax = 512;

    private readonly List<int> _cuts = [];
    private readonly List<NumberField> _numbers = [];

    /// <summary>Boundaries of parts, ascending.</summary>
    public IReadOnlyList<int> Cuts => _cuts;

    /// <summary>Numbers in the input.</summary>
    public IReadOnlyList<NumberField> Numbers => _numbers;

    public void Clear()
    {
        _cuts.Clear();
        _numbers.Clear();
    }

    /// <summary>A part begins or ends here. Called in ascending order; repetitions and all beyond a bound are dropped.</summary>
    public void Cut(int at)
    {
        if (_cuts.Count < EntriesMax && (_cuts.Count == 0 || at > _cuts[^1])) _cuts.Add(at);
    }

    public void Number(int at, int size, NumberForm form)
    {
        if (_numbers.Count < EntriesMax) _numbers.Add(new NumberField(at, size, form));
    }
}

/// <summary>How a number is written.</summary>
internal enum NumberForm
{
    LittleEndian,
    BigEndian,
    Varint,
}

/// <summary>A number in an input: a length, an offset, a count, a type.</summary>
internal readonly record struct NumberField(int At, int Size, NumberForm Form);
