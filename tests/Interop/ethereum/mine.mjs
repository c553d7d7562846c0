// Has anvil mine blocks with transactions of every type that it can make, and prints their numbers.
import { createTestClient, createWalletClient, createPublicClient, defineChain, http, parseEther } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { eip7702Actions } from 'viem/experimental'

const [url, chainId] = [process.argv[2], Number(process.argv[3])]
const chain = defineChain({ id: chainId, name: 'anvil', nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 }, rpcUrls: { default: { http: [url] } } })
const transport = http(url)

// The first two keys of the mnemonic that anvil documents.
const account = privateKeyToAccount('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')
const other = privateKeyToAccount('0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d')
const wallet = createWalletClient({ account, chain, transport }).extend(eip7702Actions())
const second = createWalletClient({ account: other, chain, transport }).extend(eip7702Actions())
const node = createPublicClient({ chain, transport })
const test = createTestClient({ chain, transport, mode: 'anvil' })
await test.setAutomine(false)

// Init code that stores a word, logs it and leaves one byte of code behind.
const initCode = '0x602a60005560206000a0600160005360016000f3'
const fees = { maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n }
const accessList = [{ address: other.address, storageKeys: ['0x' + '00'.repeat(31) + '01', '0x' + 'ff'.repeat(32)] }, { address: '0x' + '11'.repeat(20), storageKeys: [] }]
let nonce = 0
const send = tx => wallet.sendTransaction({ gas: 300_000n, nonce: nonce++, ...tx })
const mine = async () => { await test.mine({ blocks: 1 }); return Number(await node.getBlockNumber({ cacheTime: 0 })) }

const blocks = []
blocks.push(await mine())
await send({ type: 'legacy', gasPrice: 2_000_000_000n, to: other.address, value: parseEther('1') })
await send({ type: 'eip2930', gasPrice: 2_000_000_000n, to: other.address, value: 0n, data: '0x00', accessList })
await send({ type: 'eip1559', ...fees, to: other.address, value: 1n, data: '0x' + 'ab'.repeat(4_000) })

// This viem writes an authorization's nonce 0 in a form that nobody reads, so the second account acts once before it signs one.
await second.sendTransaction({ type: 'eip1559', ...fees, gas: 21_000n, nonce: 0, to: account.address, value: 1n })
blocks.push(await mine())
await send({ type: 'eip1559', ...fees, data: initCode, accessList })
await send({ type: 'legacy', gasPrice: 5_000_000_000n, data: initCode })

// A legacy transaction of the time before chain ids.
const raw = await account.signTransaction({ type: 'legacy', nonce: nonce++, gas: 21_000n, gasPrice: 2_000_000_000n, to: other.address, value: 3n })
await node.request({ method: 'eth_sendRawTransaction', params: [raw] })
blocks.push(await mine())
const authorizationList = [await second.signAuthorization({ contractAddress: '0x' + '22'.repeat(20), chainId, nonce: 1 })]
await send({ type: 'eip7702', ...fees, to: other.address, value: 0n, data: '0x', authorizationList })
blocks.push(await mine())

// With --optimism anvil makes deposits too.
await node.request({ method: 'eth_sendTransaction', params: [{
  type: '0x7e', from: account.address, to: other.address, value: '0x1', gas: '0x5208', mint: '0x7', sourceHash: '0x' + 'aa'.repeat(32), isSystemTx: false }] })
blocks.push(await mine())
blocks.push(await mine())
console.log(JSON.stringify({ blocks, sender: account.address.toLowerCase() }))
