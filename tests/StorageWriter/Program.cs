// The process that crash tests kill: appends groups of a test chain downwards and prints "ack FIRST LAST" once a group is
// acknowledged. Arguments: data directory, seed of the chain, seed of the group sizes, top height, groups (0: until killed).
using System.Globalization;
using OpSync.Storage;
using OpSync.StorageWriter;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

const int GroupMax = 24;

TestChain chain = new(int.Parse(args[1], CultureInfo.InvariantCulture));
Random random = new(int.Parse(args[2], CultureInfo.InvariantCulture));
ulong top = ulong.Parse(args[3], CultureInfo.InvariantCulture);
int groups = int.Parse(args[4], CultureInfo.InvariantCulture);

// The smallest log: checkpoints come often, so kills hit them too.
await using DataDirectory directory =
    DataDirectory.OpenWriter(args[0], TestChain.Identity, new StorageOptions { CheckpointBytes = 1 << 20 });
IReadOnlyList<Island> islands = await directory.Blocks.GetIslandsAsync(new BlockRange(0, top), TrustRank.Caller, default);
ulong last = islands.Count == 0 ? top : islands[0].Range.First - 1;

for (int group = 0; groups == 0 || group < groups; group++)
{
    ulong first = last - (ulong)random.Next(GroupMax);
    await directory.Blocks.AppendAsync(chain.Items(first, last), default);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ack {first} {last}"));
    last = first - 1;
}
