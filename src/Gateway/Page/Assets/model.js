// What the page knows: the latest state of every thing, and what follows from the changes.

import { count, plural, short, signed, words } from './format.js';

const historyMax = 300;           // seconds of throughput
const speedWindow = 6;            // seconds over which a peer's speed is measured
const notesMax = 30;
export const endedMax = 8;         // ranges that ended, and are shown
const stallSeconds = 5;           // a stall shorter than this is no news

export const isEnded = range => range.state !== 'running' && range.state !== 'paused';

/** A range that waits for a moment between blocks still moves: peers at their limits are the rule, not a fault. */
export const isStalled = range => range.state === 'running' && range.stall !== null && range.blocksPerSecond === 0;

export const peerName = id => short(id, 4, 8);

export const rangeName = range => `${count(range.first)} – ${count(range.last)}`;

/** How a peer stands: ok, trouble or out. */
export function standing(peer) {
  if (peer.state === 'banned' || peer.state === 'blocked') return 'out';
  return peer.state === 'ok' ? 'ok' : 'trouble';
}

export class Model {
  status = null;
  chains = new Map();             // by chain id: { chain, genesis, anchors, islands, islandCount, peers, ... }
  history = [];                   // bytes per second, a point a second
  notes = [];                     // { when, tone, text }, newest first
  onNote = () => {};
  #ranges = new Map();
  #peers = new Map();
  #samples = new Map();           // peer id -> [[ms, bytes], ...]
  #stalls = new Map();            // range id -> { code, seconds }
  #questions = new Set();         // of sets: ids of what was heard of since a question was asked
  #clockOffset = 0;
  #settled = false;               // the first picture is no news

  /** Time by the service's clock. */
  now() {
    return new Date(Date.now() + this.#clockOffset);
  }

  /** A whole picture, as the REST interface gives it. */
  load(status, chains, ranges, peers) {
    this.status = status;
    this.#clockOffset = Date.parse(status.now) - Date.now();
    this.chains = new Map(chains.map(c => [c.chain.chainId, c]));
    for (const range of ranges) this.setRange(range);
    for (const peer of peers) this.setPeer(peer);
    const listed = new Set(ranges.map(r => r.id));
    for (const id of this.#ranges.keys()) {
      if (!listed.has(id)) this.#ranges.delete(id);
    }

    const known = new Set(peers.map(p => p.peerId));
    for (const id of this.#peers.keys()) {
      if (!known.has(id)) this.#peers.delete(id);
    }

    this.#settled = true;
  }

  setDetail(detail) {
    this.chains.set(detail.chain.chainId, detail);
  }

  setRange(range) {
    const before = this.#ranges.get(range.id);
    this.#ranges.set(range.id, range);
    if (!this.#settled) return;
    if (!before) this.#note('plain', `Range ${rangeName(range)} was posted.`);
    if (before?.state === range.state || (!before && !isEnded(range))) return;
    const name = `Range ${rangeName(range)}`;
    switch (range.state) {
      case 'complete': return this.#note(range.stall ? 'warn' : 'good', range.stall ? `${name} ended: ${range.stall.text}` : `${name} is complete.`);
      case 'running': return this.#note('plain', `${name} runs again.`);
      case 'paused': return this.#note('plain', `${name} is paused.`);
      case 'cancelled': return this.#note('plain', `${name} was cancelled.`);
      default: return this.#note('bad', `${name} ended: ${range.stall?.text ?? words(range.state)}.`);
    }
  }

  setPeer(peer, added = false) {
    const before = this.#peers.get(peer.peerId);
    this.#peers.set(peer.peerId, peer);
    if (!this.#settled) return;
    if (!before && added) this.#note('plain', `Peer ${peerName(peer.peerId)} was added.`);
    const wrong = peer.rejected + peer.malformed - (before ? before.rejected + before.malformed : 0);
    if (wrong > 0) this.#note('bad', `Peer ${peerName(peer.peerId)} sent ${plural(wrong, 'wrong block')}; its score is ${signed(peer.score)}.`);
    if (before?.state !== peer.state && standing(peer) === 'out') this.#note('bad', `Peer ${peerName(peer.peerId)} is ${peer.state}.`);
  }

  /** An event of the stream. */
  hear(type, data) {
    const id = type === 'peer' ? data.peerId : data.id;
    for (const heard of this.#questions) heard.add(id);
    switch (type) {
      case 'range': this.setRange(data); break;
      case 'peer': this.setPeer(data); break;
      case 'gone': this.remove(data.kind, data.id); break;
    }
  }

  /** Takes the answer to a request that has just been sent, unless the stream has told of the same thing meanwhile: that is newer. */
  async answer(request, take) {
    const heard = new Set();
    this.#questions.add(heard);
    try {
      const thing = await request;
      if (!heard.has(thing.peerId ?? thing.id)) take(thing);
    } finally {
      this.#questions.delete(heard);
    }
  }

  /** A peer was removed, or a range forgotten. */
  remove(kind, id) {
    if (kind === 'range') this.#ranges.delete(id);
    if (kind !== 'peer') return;
    if (this.#peers.delete(id)) this.#note('plain', `Peer ${peerName(id)} was removed.`);
    this.#samples.delete(id);
  }

  /** Open ranges, the most urgent first, then the latest that ended. */
  get ranges() {
    const newest = (a, b) => (a.id < b.id ? 1 : -1);
    const all = [...this.#ranges.values()];
    const open = all.filter(r => !isEnded(r)).sort((a, b) => b.priority - a.priority || newest(a, b));
    return [...open, ...all.filter(isEnded).sort((a, b) => newest({ id: a.id.split('-')[1] }, { id: b.id.split('-')[1] })).slice(0, endedMax)];
  }

  /** A range that is under way by its first and last block; null for any other. */
  nameOf(id) {
    const range = this.#ranges.get(id);
    return range && !isEnded(range) ? rangeName(range) : null;
  }

  get openRanges() {
    return this.ranges.filter(r => !isEnded(r));
  }

  /** Those that can be asked first. */
  get peers() {
    const order = { ok: 0, trouble: 1, out: 2 };
    return [...this.#peers.values()].sort((a, b) => order[standing(a)] - order[standing(b)] || (a.peerId < b.peerId ? -1 : 1));
  }

  /** Bytes per second of a peer over the last seconds. */
  speed(id) {
    const samples = this.#samples.get(id);
    if (!samples || samples.length < 2) return 0;
    const [from, to] = [samples[0], samples.at(-1)];
    return Math.max(0, (to[1] - from[1]) / ((to[0] - from[0]) / 1000));
  }

  /** What became durable, all ranges together, per second. */
  throughput() {
    let blocks = 0, bytes = 0;
    for (const range of this.openRanges) {
      blocks += range.blocksPerSecond;
      bytes += range.bytesPerSecond;
    }

    return { blocks, bytes };
  }

  /** Once a second, while the service is heard. */
  tick() {
    this.history.push(this.throughput().bytes);
    if (this.history.length > historyMax) this.history.shift();
    const now = performance.now();
    for (const peer of this.#peers.values()) {
      let samples = this.#samples.get(peer.peerId);
      if (!samples) this.#samples.set(peer.peerId, samples = []);
      samples.push([now, peer.bytes]);
      while (samples.length > 2 && now - samples[0][0] > speedWindow * 1000) samples.shift();
    }

    for (const range of this.#ranges.values()) this.#watchStall(range);
  }

  /** After a break: speeds across it would be wrong. */
  forgetSpeeds() {
    this.#samples.clear();
  }

  #watchStall(range) {
    const code = isStalled(range) ? range.stall.code : undefined;
    const known = this.#stalls.get(range.id);
    if (!code) {
      if (known?.seconds >= stallSeconds && range.state === 'running') this.#note('plain', `Range ${rangeName(range)} moves again.`);
      this.#stalls.delete(range.id);
      return;
    }

    const seconds = known?.code === code ? known.seconds + 1 : 1;
    this.#stalls.set(range.id, { code, seconds });
    if (seconds === stallSeconds) this.#note('warn', `Range ${rangeName(range)} does not move: ${range.stall.text}`);
  }

  #note(tone, text) {
    const note = { when: this.now(), tone, text };
    this.notes.unshift(note);
    if (this.notes.length > notesMax) this.notes.pop();
    this.onNote(note);
  }
}
