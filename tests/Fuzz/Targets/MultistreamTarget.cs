using System.Text;
using OpSync.Fuzz.Kit;
using OpSync.Libp2p.Multistream;

namespace OpSync.Fuzz.Targets;

/// <summary>multistream-select, both sides: a byte for the role, one for the size of the pieces, then what the remote sends.</summary>
internal sealed class MultistreamTarget : FuzzTarget
{
    private const int Head = 2;
    private const int RoleDial = 1, RoleConfirm = 2, EndsBroken = 8;

    private static readonly string[] Spoken = ["/noise", "/yamux/1.0.0", "/opstack/req/payload_by_number/10/0", "/a"];
    private static readonly string[] Proposed = ["/opstack/req/payload_by_number/10/0", "/a", "/b/1"];
    private static readonly HashSet<string> SpokenSet = [.. Spoken];

    public override string Name => "multistream";

    public override int VerdictsMin => 8;

    public override IReadOnlyList<byte[]> Dictionary { get; } =
        [Line("/multistream/1.0.0"), Line("na"), Line("ls"), .. Spoken.Select(Line), Line("/b/1"), [0], [1, (byte)'\n'], [0x80, 0x00], [0x80, 0x08], [0x81, 0x08]];

    public override byte[] Generate(Random random)
    {
        byte role = (byte)(random.Next(3) | (random.Next(4) == 0 ? EndsBroken : 0));
        List<byte> input = [role, (byte)random.Next(256), .. Line("/multistream/1.0.0")];
        if ((role & 3) == 0)
        {
            for (int i = random.Next(4) == 0 ? 62 : random.Next(4); i > 0; i--) input.AddRange(Line(random.Next(4) == 0 ? "ls" : $"/unknown/{random.Next(100)}"));
            input.AddRange(Line(Spoken[random.Next(Spoken.Length)]));
        }
        else
        {
            int refused = (role & 3) == RoleConfirm ? 0 : random.Next(Proposed.Length);
            for (int i = 0; i < refused; i++) input.AddRange(Line("na"));
            input.AddRange(Line(Proposed[refused]));
        }

        return [.. input, .. new byte[random.Next(3)]];
    }

    public override void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
        int at = Head;
        while (at < input.Length)
        {
            structure.Cut(at);
            int size = input[at] < 0x80 || at + 1 == input.Length ? 1 : 2;
            structure.Number(at, size, NumberForm.Varint);
            at += size + ((input[at] & 0x7f) | (size == 2 ? input[at + 1] << 7 : 0));
        }

        structure.Cut(input.Length);
    }

    public override Verdict Run(byte[] input)
    {
        if (input.Length < Head) return default;
        int role = input[0] & 3;
        bool breaks = (input[0] & EndsBroken) != 0;
        byte[] script = input[Head..];
        ScriptedStream stream = new(script, 1 + input[1], breaks);
        AllocationBound bound = AllocationBound.Start();
        MultistreamResult result = Completed.Get(role switch
        {
            RoleDial => MultistreamSelect.DialAsync(stream, Proposed, CancellationToken.None),
            RoleConfirm => MultistreamSelect.ConfirmAsync(stream, Proposed[0], CancellationToken.None),
            _ => MultistreamSelect.ListenAsync(stream, SpokenSet, CancellationToken.None),
        });
        bound.End(192 * 1024);

        FuzzFailure.Unless(Enum.IsDefined(result.Verdict), "unknown verdict:", $"{result.Verdict}");
        Model model = new(script, breaks);
        (MultistreamVerdict verdict, string? protocol) = role == 0 || role == 3 ? model.Listen() : model.Dial(role == RoleConfirm);
        FuzzFailure.UnlessEqual(verdict, result.Verdict, "verdict:");
        FuzzFailure.UnlessEqual(protocol, result.Protocol, "protocol:");
        FuzzFailure.UnlessSame([.. model.Output], stream.Written, "what was answered:");
        if (result.IsSelected) FuzzFailure.UnlessEqual(model.At, stream.Taken, "bytes taken:");
        return Verdict.Of(result.IsSelected, role << 4 | (int)result.Verdict, stream.Written.Length);
    }

    private static byte[] Line(string text) =>
        text.Length < 127 ? [(byte)(text.Length + 1), .. Encoding.ASCII.GetBytes(text), (byte)'\n'] : throw new ArgumentException(text);

    /// <summary>The conversation as the libp2p connections spec has it, over an array.</summary>
    private sealed class Model(byte[] script, bool breaks)
    {
        private const int LineSizeMax = 1_024, ProposalsMax = 64;

        public List<byte> Output { get; } = [];

        public int At { get; private set; }

        public (MultistreamVerdict, string?) Listen()
        {
            List<byte> pending = [.. Line(MultistreamSelect.ProtocolId)];
            for (int line = 0; ; line++)
            {
                (MultistreamVerdict verdict, string text) = ReadLine();
                if (verdict != MultistreamVerdict.Selected)
                {
                    // Who proposed something hears the answers even so, as long as the stream can carry them.
                    bool isLost = verdict == MultistreamVerdict.Closed && breaks;
                    if (line > 1 && !isLost) Output.AddRange(pending);
                    return (verdict, null);
                }

                if (line == 0)
                {
                    if (text != MultistreamSelect.ProtocolId) return (MultistreamVerdict.Malformed, null);
                    continue;
                }

                if (Spoken.Contains(text))
                {
                    Output.AddRange([.. pending, .. Line(text)]);
                    return (MultistreamVerdict.Selected, text);
                }

                if (line == ProposalsMax) return (MultistreamVerdict.TooManyProposals, null);
                if (text != "ls")
                {
                    pending.AddRange(Line("na"));
                    continue;
                }

                byte[] lines = [.. SpokenSet.SelectMany(Line)];
                Output.AddRange([.. pending, (byte)(lines.Length + 1), .. lines, (byte)'\n']);
                pending.Clear();
            }
        }

        public (MultistreamVerdict, string?) Dial(bool isConfirm)
        {
            string[] proposals = isConfirm ? Proposed[..1] : Proposed;
            byte[] header = Line(MultistreamSelect.ProtocolId);
            foreach (string proposal in proposals)
            {
                if (!isConfirm) Output.AddRange([.. header, .. Line(proposal)]);
                byte[] yes = [.. header, .. Line(proposal)], no = [.. header, .. Line("na")];
                header = [];
                if (script.Length - At < no.Length) return (MultistreamVerdict.Closed, null);
                ReadOnlySpan<byte> rest = script.AsSpan(At);
                if (rest.StartsWith(no))
                {
                    At += no.Length;
                    continue;
                }

                if (!rest.StartsWith(yes.AsSpan(0, no.Length))) return (MultistreamVerdict.Malformed, null);
                if (rest.Length < yes.Length) return (MultistreamVerdict.Closed, null);
                At += yes.Length;
                return rest.StartsWith(yes) ? (MultistreamVerdict.Selected, proposal) : (MultistreamVerdict.Malformed, null);
            }

            return (MultistreamVerdict.Refused, null);
        }

        private (MultistreamVerdict, string) ReadLine()
        {
            if (At == script.Length) return (MultistreamVerdict.Closed, "");
            int length = script[At++];
            if (length >= 0x80)
            {
                if (At == script.Length) return (MultistreamVerdict.Closed, "");
                int high = script[At++];
                if (high == 0) return (MultistreamVerdict.Malformed, "");
                length += (high - 1) * 128;
            }

            if (length > LineSizeMax) return (MultistreamVerdict.LineTooLong, "");
            if (length == 0) return (MultistreamVerdict.Malformed, "");
            if (length > script.Length - At) return (MultistreamVerdict.Closed, "");
            At += length;
            return script[At - 1] == '\n'
                ? (MultistreamVerdict.Selected, Encoding.Latin1.GetString(script, At - length, length - 1))
                : (MultistreamVerdict.Malformed, "");
        }
    }
}
