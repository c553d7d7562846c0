using OpSync.Codec.Primitives;
using OpSync.Codec.Rlp;

namespace OpSync.Codec.Transactions;

/// <content>Reads the fields in the order of each type.</content>
public readonly ref partial struct TransactionView
{
    private ref struct Fields
    {
        public ReadOnlySpan<byte> Unsigned;
        public ulong? ChainId;
        public ulong Nonce;
        public UInt256 GasPrice;
        public UInt256 Tip;
        public UInt256 MaxFee;
        public ulong Gas;
        public ReadOnlySpan<byte> To;
        public UInt256 Value;
        public ReadOnlySpan<byte> Input;
        public ReadOnlySpan<byte> AccessList;
        public ReadOnlySpan<byte> Authorizations;
        public byte YParity;
        public UInt256 R;
        public UInt256 S;
        public Hash32 SourceHash;
        public Address From;
        public UInt256? Mint;
        public bool IsSystem;

        public TransactionFault ReadLegacy(ref RlpReader list)
        {
            ReadOnlySpan<byte> all = list.Rest;
            if (!list.TryReadUInt64(out Nonce)
                || !list.TryReadUInt256(out GasPrice)
                || !list.TryReadUInt64(out Gas)
                || !TryReadTo(ref list, mayCreate: true)
                || !list.TryReadUInt256(out Value)
                || !list.TryReadString(out Input))
            {
                return TransactionFault.BadField;
            }

            Unsigned = all[..^list.Rest.Length];
            return list.TryReadUInt256(out UInt256 v) && TrySplitV(v) && list.TryReadUInt256(out R) && list.TryReadUInt256(out S)
                ? TransactionFault.None
                : TransactionFault.BadSignature;
        }

        public TransactionFault ReadTyped(ref RlpReader list, TransactionType type)
        {
            ReadOnlySpan<byte> all = list.Rest;
            if (!list.TryReadUInt64(out ulong chainId)
                || !list.TryReadUInt64(out Nonce)
                || !TryReadFees(ref list, type)
                || !list.TryReadUInt64(out Gas)
                || !TryReadTo(ref list, mayCreate: type != TransactionType.SetCode)
                || !list.TryReadUInt256(out Value)
                || !list.TryReadString(out Input))
            {
                return TransactionFault.BadField;
            }

            ChainId = chainId;
            if (!TryReadItems(ref list, out AccessList) || !AccessListReader.IsWellFormed(AccessList)) return TransactionFault.BadAccessList;
            if (type == TransactionType.SetCode
                && (!TryReadItems(ref list, out Authorizations) || !AuthorizationReader.IsWellFormed(Authorizations)))
            {
                return TransactionFault.BadAuthorizations;
            }

            Unsigned = all[..^list.Rest.Length];
            if (!list.TryReadUInt64(out ulong parity) || parity > 1 || !list.TryReadUInt256(out R) || !list.TryReadUInt256(out S))
                return TransactionFault.BadSignature;
            YParity = (byte)parity;
            return TransactionFault.None;
        }

        public TransactionFault ReadDeposit(ref RlpReader list)
        {
            if (!list.TryReadString(out ReadOnlySpan<byte> source, Hash32.Size) || source.Length != Hash32.Size
                || !list.TryReadString(out ReadOnlySpan<byte> from, Address.Size) || from.Length != Address.Size
                || !TryReadTo(ref list, mayCreate: true)
                || !list.TryReadUInt256(out UInt256 mint)
                || !list.TryReadUInt256(out Value)
                || !list.TryReadUInt64(out Gas)
                || !list.TryReadUInt64(out ulong isSystem) || isSystem > 1
                || !list.TryReadString(out Input))
            {
                return TransactionFault.BadField;
            }

            SourceHash = new Hash32(source);
            From = new Address(from);
            Mint = mint == 0 ? null : mint;
            IsSystem = isSystem == 1;
            return TransactionFault.None;
        }

        private bool TryReadFees(ref RlpReader list, TransactionType type) => type == TransactionType.AccessList
            ? list.TryReadUInt256(out GasPrice)
            : list.TryReadUInt256(out Tip) && list.TryReadUInt256(out MaxFee);

        private bool TryReadTo(ref RlpReader list, bool mayCreate) =>
            list.TryReadString(out To, Address.Size) && (To.Length == Address.Size || (mayCreate && To.IsEmpty));

        private static bool TryReadItems(scoped ref RlpReader list, out ReadOnlySpan<byte> items)
        {
            bool isList = list.TryReadList(out RlpReader inner);
            items = inner.Rest;
            return isList;
        }

        /// <summary>27 and 28 carry a parity alone, from 35 on there is a chain id beside it (EIP-155).</summary>
        private bool TrySplitV(in UInt256 v)
        {
            if (v.U2 != 0 || v.U3 != 0) return false;
            UInt128 value = new(v.U1, v.U0);
            if (value == ParityBase || value == ParityBase + 1)
            {
                YParity = (byte)(value - ParityBase);
                return true;
            }

            if (value < ChainIdBase || (value - ChainIdBase) / 2 > ulong.MaxValue) return false;
            YParity = (byte)((value - ChainIdBase) & 1);
            ChainId = (ulong)((value - ChainIdBase) / 2);
            return true;
        }
    }
}
