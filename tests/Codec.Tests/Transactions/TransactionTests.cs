using System.Text.Json;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Codec.Tests.OpStack;
using OpSync.Codec.Transactions;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Codec.Tests.Transactions;

public class TransactionTests
{
    private const int MutationsPerTransaction = 400;
    private const int LongRounds = 25;

    public static TheoryData<string> Blocks => RealBlock.Names;

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Every_transaction_of_a_real_block_is_written_back_to_the_same_bytes(string name)
    {
        RealBlock block = RealBlock.Load(name);
        ExecutionPayloadView.Read(block.Ssz, block.Version, out ExecutionPayloadView payload);
        for (int i = 0; i < payload.Transactions.Count; i++)
        {
            ReadOnlySpan<byte> bytes = payload.Transactions[i];
            Assert.Equal(TransactionFault.None, TransactionView.Read(bytes, out TransactionView view));
            Assert.Equal(bytes, Transaction.Copy(view).Encode());
            Assert.True(view.TryGetSender(out _));
        }
    }

    [Fact]
    public void Senders_and_hashes_are_those_that_execution_clients_give()
    {
        int compared = 0;
        foreach (string file in Directory.GetFiles(RpcFolder))
        {
            RealBlock block = RealBlock.Load(Path.GetFileName(file).Split('.')[0]);
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(file));
            ExecutionPayloadView.Read(block.Ssz, block.Version, out ExecutionPayloadView payload);
            int i = 0;
            foreach (JsonElement expected in json.RootElement.GetProperty("result").GetProperty("transactions").EnumerateArray())
            {
                TransactionView.Read(payload.Transactions[i++], out TransactionView view);
                Assert.Equal(RealBlock.Text(expected, "hash"), view.ComputeHash().ToString());
                Assert.True(view.TryGetSender(out Address sender));
                Assert.Equal(RealBlock.AddressOf(expected, "from"), sender);
                compared++;
            }

            Assert.Equal(payload.Transactions.Count, i);
        }

        Assert.True(compared >= 90, $"{compared} transactions were compared.");
    }

    [Fact]
    public void Transactions_of_every_type_that_viem_signed_are_read_and_written()
    {
        HashSet<TransactionType> types = [];
        foreach (JsonElement vector in Vectors())
        {
            byte[] raw = RealBlock.Bytes(RealBlock.Text(vector, "raw"));
            Assert.Equal(TransactionFault.None, TransactionView.Read(raw, out TransactionView view));
            Assert.Equal(RealBlock.Text(vector, "hash"), view.ComputeHash().ToString());
            Assert.True(view.TryGetSender(out Address sender));
            Assert.Equal(RealBlock.AddressOf(vector, "from"), sender);
            Assert.Equal(raw, Transaction.Copy(view).Encode());
            types.Add(view.Type);
        }

        Assert.Equal([TransactionType.Legacy, TransactionType.AccessList, TransactionType.DynamicFee, TransactionType.SetCode], types.Order());
    }

    /// <summary>The example in EIP-155.</summary>
    [Fact]
    public void Example_of_the_replay_protection_standard_is_met()
    {
        byte[] raw = RealBlock.Bytes(
            "0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a0"
            + "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83");
        Assert.Equal(TransactionFault.None, TransactionView.Read(raw, out TransactionView view));
        Assert.Equal("0xdaf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53", view.ComputeSigningHash().ToString());
        Assert.Equal(1ul, view.ChainId);
        Assert.Equal(9ul, view.Nonce);
        Assert.Equal(20_000_000_000ul, view.GasPrice);
        Assert.Equal(1_000_000_000_000_000_000ul, view.Value);
        Assert.True(view.TryGetSender(out Address sender));
        Assert.Equal("0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f", sender.ToString());
    }

    [Fact]
    public void Legacy_transaction_without_chain_id_has_none()
    {
        byte[] raw = RealBlock.Bytes(RealBlock.Text(Vectors().Single(v => RealBlock.Text(v, "name") == "legacy-without-chain"), "raw"));
        TransactionView.Read(raw, out TransactionView view);
        Assert.Null(view.ChainId);
        Assert.True(view.V == 27 || view.V == 28);
    }

    [Fact]
    public void Deposit_that_mints_and_creates_is_written_back()
    {
        Transaction deposit = new()
        {
            Type = TransactionType.Deposit,
            SourceHash = Hash32.Parse("0x" + new string('a', 64)),
            From = new Address(new byte[20]),
            Mint = new UInt256(1, 2, 3, 4),
            Value = 7,
            Gas = 21_000,
            IsSystemTransaction = true,
            Input = new byte[] { 1, 2, 3 },
        };
        byte[] raw = deposit.Encode();
        Assert.Equal(TransactionFault.None, TransactionView.Read(raw, out TransactionView view));
        Assert.Equal(deposit.Mint, view.Mint);
        Assert.True(view.IsSystemTransaction);
        Assert.True(view.To.IsEmpty);
        Assert.Equal(raw, Transaction.Copy(view).Encode());
    }

    [Theory]
    [InlineData("", TransactionFault.Empty)]
    [InlineData("00c0", TransactionFault.UnknownType)]
    [InlineData("03c0", TransactionFault.UnknownType)]
    [InlineData("7f", TransactionFault.UnknownType)]
    [InlineData("02", TransactionFault.BadList)]
    [InlineData("02c0", TransactionFault.BadField)]
    [InlineData("02c000", TransactionFault.BadList)]
    [InlineData("c0", TransactionFault.BadField)]
    [InlineData("c9808080808080808080", TransactionFault.BadSignature)]                    // v is 0
    [InlineData("c980808080808022 8080", TransactionFault.BadSignature)]                   // v is 34
    [InlineData("ca80808080808025808080", TransactionFault.BadList)]                       // a tenth field
    [InlineData("c9800080808080258080", TransactionFault.BadField)]                        // gas price is the byte 0
    [InlineData("c98080808080802580 00", TransactionFault.BadSignature)]                   // s is the byte 0
    [InlineData("01cc80808080808080c180808080", TransactionFault.BadAccessList)]
    [InlineData("04cd8080808080808080c0c0808080", TransactionFault.BadField)]              // set-code without a receiver
    public void Bytes_of_another_form_are_refused_with_their_fault(string hex, TransactionFault fault) =>
        Assert.Equal(fault, TransactionView.Read(Convert.FromHexString(hex.Replace(" ", "")), out _));

    [Fact]
    public void Cut_transaction_is_refused_at_every_length()
    {
        foreach (JsonElement vector in Vectors())
        {
            byte[] raw = RealBlock.Bytes(RealBlock.Text(vector, "raw"));
            for (int length = 0; length < raw.Length; length++)
            {
                Assert.NotEqual(TransactionFault.None, TransactionView.Read(raw.AsSpan(0, length), out _));
            }
        }
    }

    [Fact]
    public void Changed_transaction_is_refused_or_written_back_to_its_own_bytes()
    {
        int rounds = Environment.GetEnvironmentVariable("OPSYNC_LONG") == "1" ? LongRounds : 1;
        RealBlock block = RealBlock.Load("op-mainnet-109279675");
        List<byte[]> samples = [.. Vectors().Select(v => RealBlock.Bytes(RealBlock.Text(v, "raw"))), .. block.Payload.Transactions.Select(t => t.ToArray())];
        int accepted = 0;
        foreach (byte[] sample in samples)
        {
            Mutator mutator = new(7, sample.Length);
            for (int i = 0; i < rounds * MutationsPerTransaction; i++)
            {
                byte[] changed = mutator.Next(sample);
                if (TransactionView.Read(changed, out TransactionView view) != TransactionFault.None) continue;
                Assert.Equal(changed, Transaction.Copy(view).Encode());
                accepted++;
            }
        }

        Assert.True(accepted > 100, $"Only {accepted} changed transactions were accepted: nothing was tested.");
    }

    private static string RpcFolder { get; } = RepositoryRoot.Combine("tests", "Vectors", "real-blocks", "rpc");

    private static JsonElement[] Vectors()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(RepositoryRoot.Combine("tests", "Vectors", "transactions", "viem.json")));
        return [.. document.RootElement.EnumerateArray().Select(e => e.Clone())];
    }
}
