// A js-libp2p node that the interop tests drive: one JSON command per line on stdin, one JSON answer per line on stdout.
import './compat.mjs'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

const keyType = process.argv[2] === 'ed25519' ? 'Ed25519' : 'secp256k1'
const node = await createLibp2p({
  privateKey: await generateKeyPair(keyType),
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: { identify: identify({ maxOutboundStreams: 4 }), ping: ping() },
  connectionMonitor: { enabled: false }
})

const commands = {
  // Serves DIR/<number>.bin as the whole answer; a missing file is code 1.
  async serve ({ protocols, dir }) {
    await node.handle(protocols, async ({ stream }) => {
      const request = await readAll(stream.source)
      const number = request.readBigUInt64LE(0)
      const answer = await readFile(`${dir}/${number}.bin`).catch(() => Buffer.from([1]))
      await stream.sink(chunks(answer, 60_000))
    })
    return {}
  },
  async dial ({ address }) {
    const connection = await node.dial(multiaddr(address))
    return { peer: connection.remotePeer.toString(), muxer: connection.multiplexer, encryption: connection.encryption }
  },
  // Opens a stream, writes 8 bytes, half-closes, reads to the end.
  async fetch ({ peer, protocols, number }) {
    const connection = node.getConnections().find(c => c.remotePeer.toString() === peer)
    const stream = await connection.newStream(protocols)
    const request = Buffer.alloc(8)
    request.writeBigUInt64LE(BigInt(number))
    await stream.sink([request])
    const answer = await readAll(stream.source)
    return { protocol: stream.protocol, length: answer.length, sha256: createHash('sha256').update(answer).digest('hex') }
  },
  async ping ({ peer }) {
    const connection = node.getConnections().find(c => c.remotePeer.toString() === peer)
    return { milliseconds: await node.services.ping.ping(connection.remotePeer) }
  },
  async identify ({ peer }) {
    const connection = node.getConnections().find(c => c.remotePeer.toString() === peer)
    const told = await node.services.identify.identify(connection)
    return { agent: told.agentVersion, version: told.protocolVersion, protocols: told.protocols, observed: told.observedAddr?.toString() }
  },
  async peers () {
    return { peers: node.getConnections().map(c => c.remotePeer.toString()) }
  }
}

async function readAll (source) {
  const parts = []
  for await (const part of source) parts.push(Buffer.from(part.subarray()))
  return Buffer.concat(parts)
}

function * chunks (buffer, size) {
  for (let i = 0; i < buffer.length; i += size) yield buffer.subarray(i, i + size)
}

const say = (value) => process.stdout.write(JSON.stringify(value) + '\n')
say({ address: node.getMultiaddrs()[0].toString(), peer: node.peerId.toString() })

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  try {
    say({ ok: true, ...await commands[command.op](command) })
  } catch (e) {
    say({ ok: false, error: `${e.name}: ${e.message}` })
  }
}
await node.stop()
process.exit(0)
