// Reads blocks with viem from anvil and from us, and says whether it sees the same.
import { createPublicClient, http } from 'viem'
import { deepStrictEqual } from 'node:assert'

const [anvilUrl, ourUrl, numbers] = [process.argv[2], process.argv[3], JSON.parse(process.argv[4])]
const anvil = createPublicClient({ transport: http(anvilUrl) })
const ours = createPublicClient({ transport: http(ourUrl) })
deepStrictEqual(await ours.getChainId(), await anvil.getChainId())
deepStrictEqual(await ours.getBlockNumber(), BigInt(numbers.at(-1)))

// viem keeps the fields that it does not know as they are, and the two write zeros of a deposit's signature in different lengths.
// In the size anvil leaves out the list of withdrawals, which op-geth counts.
const comparable = block => ({ ...block, totalDifficulty: undefined, size: undefined, transactions: block.transactions.map(t => t.typeHex !== '0x7e' ? t : {
  hash: t.hash, from: t.from, to: t.to, value: t.value, gas: t.gas, input: t.input, blockHash: t.blockHash, sourceHash: t.sourceHash, mint: t.mint }) })

let transactions = 0
for (const number of numbers) {
  for (const includeTransactions of [true, false]) {
    const expected = await anvil.getBlock({ blockNumber: BigInt(number), includeTransactions })
    const block = await ours.getBlock({ blockNumber: BigInt(number), includeTransactions })
    deepStrictEqual(comparable(block), comparable(expected))
    deepStrictEqual(await ours.getBlock({ blockHash: block.hash, includeTransactions }), await ours.getBlock({ blockNumber: BigInt(number), includeTransactions }))
    if (includeTransactions) transactions += block.transactions.length
  }
  deepStrictEqual(await ours.getBlockTransactionCount({ blockNumber: BigInt(number) }), await anvil.getBlockTransactionCount({ blockNumber: BigInt(number) }))
}

// What is not here, viem has a name for.
await ours.getBlock({ blockNumber: 1_000_000n }).then(() => { throw new Error('a block that is not there was given') }, e => deepStrictEqual(e.name, 'BlockNotFoundError'))
console.log(JSON.stringify({ transactions, chainId: await ours.getChainId() }))
