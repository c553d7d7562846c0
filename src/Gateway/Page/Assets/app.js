// The page: loads a whole picture, follows the live events, and shows what changed.

import { chainView } from './chains.js';
import { Keyed, attribute, byId, make, text } from './dom.js';
import { bytes, clock, count, left, plural, rate, span } from './format.js';
import { forms } from './forms.js';
import { Live, call, get, token } from './gateway.js';
import { Model, endedMax, isEnded, isStalled, standing } from './model.js';
import { peerView } from './peers.js';
import { rangeView } from './ranges.js';

const detailDelay = 250;          // a chain is asked for so much after it changed; the service looks once a second
const listMax = 200;              // the most that one page of a list has

let model = new Model();
let live = null;
let link = 'connecting';
let lostAt = null;
let retryAt = 0;
let drawing = false;
const due = new Map();            // chain name -> { timer, again }: asked for soon, and whether it changed since it was asked for

// --- What is shown -------------------------------------------------------------------------------------------------

const chains = new Keyed(byId('chains'), chainView);
const ranges = new Keyed(byId('ranges'), () => rangeView(changeRange, id => model.chains.get(id)?.chain.name ?? `chain ${id}`));
const peers = new Keyed(byId('peers'), () => peerView(changePeer, id => model.speed(id), () => model.now(), id => model.nameOf(id)), byId('peer-head'));

function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    if (document.body.dataset.state === 'ready') show();
  });
}

function show() {
  const allRanges = model.ranges, allPeers = model.peers;
  chains.show([...model.chains.values()].map(detail => ({ detail, ranges: allRanges })), item => item.detail.chain.chainId);
  ranges.show(allRanges, range => range.id);
  peers.show(allPeers, peer => peer.peerId);
  byId('ranges-empty').hidden = allRanges.length > 0;
  byId('peers-empty').hidden = allPeers.length > 0;
  byId('peers').hidden = allPeers.length === 0;
  showTiles(allRanges.filter(r => !isEnded(r)), allPeers);
  showSpark();
  showNotes();
}

function showTiles(open, allPeers) {
  const { blocks, bytes: speed } = model.throughput();
  text(byId('t-bytes'), `${bytes(speed)}/s`);
  text(byId('t-blocks'), `${rate(blocks)} blocks/s`);
  const stalled = open.filter(isStalled).length, paused = open.filter(r => r.state === 'paused').length;
  text(byId('t-ranges'), count(open.length));
  text(byId('t-stalled'), [stalled ? `${stalled} stalled` : '', paused ? `${paused} paused` : ''].filter(Boolean).join(', ') || (open.length ? 'all move' : 'nothing to do'));
  attribute(byId('t-stalled'), 'data-tone', stalled ? 'warn' : null);
  const running = open.filter(r => r.state === 'running');
  const slowest = running.filter(r => r.timeLeft.highSeconds !== null).sort((a, b) => b.timeLeft.highSeconds - a.timeLeft.highSeconds)[0];
  text(byId('t-left'), slowest ? left(slowest.timeLeft) : '–');
  text(byId('t-left-why'), slowest ? (running.length > 1 ? 'of the longest range' : '') : (running[0]?.timeLeft.unknown ?? ''));
  attribute(byId('t-left-why'), 'title', byId('t-left-why').textContent || null);
  const usable = allPeers.filter(p => standing(p) === 'ok' && p.connected).length, blamed = allPeers.filter(p => p.rejected + p.malformed > 0).length;
  text(byId('t-peers'), count(usable));
  text(byId('t-blamed'), `of ${count(allPeers.length)}${blamed ? `, ${blamed} blamed` : ''}`);
  attribute(byId('t-blamed'), 'data-tone', blamed ? 'bad' : null);
  const all = [...model.chains.values()];
  text(byId('t-stored'), count(all.reduce((sum, c) => sum + c.chain.blocks, 0)));
  text(byId('t-chains'), `on ${plural(all.length, 'chain')}`);
  text(byId('version'), model.status.version);
}

function showSpark() {
  const points = model.history, most = Math.max(1, ...points);
  const line = points.map((value, i) => `${300 - (points.length - 1 - i)},${(38 - value / most * 34).toFixed(1)}`).join(' L');
  attribute(byId('spark-line'), 'd', points.length > 1 ? `M${line}` : null);
  attribute(byId('spark-area'), 'd', points.length > 1 ? `M${301 - points.length},40 L${line} L300,40 Z` : null);
}

let notesShown = null;

function showNotes() {
  if (notesShown === model.notes[0] && notesShown) return;
  notesShown = model.notes[0];
  byId('events').replaceChildren(...(model.notes.length === 0 ? [make('li.quiet', {}, 'Nothing happened yet.')] : model.notes.map(note => {
    const item = make('li', {}, make('time', { dateTime: note.when.toISOString() }, clock(note.when)), make('span', {}, note.text));
    attribute(item, 'data-tone', note.tone);
    return item;
  })));
}

function showLink() {
  attribute(byId('link'), 'data-link', link);
  document.body.classList.toggle('stale', link === 'lost');
  byId('retry').hidden = link !== 'lost';
  const wait = Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
  text(byId('link-text'), {
    connecting: 'Connecting …',
    live: 'Live',
    lost: `No connection since ${lostAt ? clock(lostAt) : 'the start'}. ${lostAt ? 'What is shown is from then. ' : ''}${wait > 0 ? `Next try in ${span(wait)}.` : 'Trying …'}`,
    locked: 'Not signed in',
  }[link]);
  text(byId('clock'), link === 'live' ? `${clock(model.now())}, up ${span(model.status.uptimeSeconds + (model.now() - Date.parse(model.status.now)) / 1000)}` : '');
}

function setState(state) {
  document.body.dataset.state = state;
  byId('locked').hidden = state !== 'locked';
  byId('content').hidden = state === 'locked';
  byId('peers-loading').hidden = state !== 'loading';
  byId('open-range').disabled = byId('open-peer').disabled = state !== 'ready';
}

// --- What is heard -------------------------------------------------------------------------------------------------

async function loadPicture(target) {
  const status = await get('v1/status');
  const [details, open, ended, peerPage] = await Promise.all([
    Promise.all(status.chains.map(c => get(`v1/chains/${encodeURIComponent(c.name)}`))),
    get(`v1/ranges?state=open&limit=${listMax}`),
    get(`v1/ranges?state=ended&limit=${endedMax}`),
    get(`v1/peers?limit=${listMax}`),
  ]);
  target.load(status, details, [...open.items, ...ended.items], peerPage.items);
}

/** The events of a chain have its figures without its runs; both are shown as of the same moment. One request at a time: none overtakes another. */
function refreshChain(name) {
  if (due.has(name)) {
    due.get(name).again = true;
    return;
  }

  const turn = { again: false };
  due.set(name, turn);
  turn.timer = setTimeout(async () => {
    turn.again = false;
    let detail = null;
    try {
      detail = await get(`v1/chains/${encodeURIComponent(name)}`);
    } catch {
      // The stream tells whether the service is there; the next change asks again.
    }

    if (due.get(name) !== turn) return;   // the page began anew
    due.delete(name);
    if (detail) model.setDetail(detail);
    if (turn.again) refreshChain(name);
    draw();
  }, detailDelay);
}

function take(type, data) {
  if (type === 'chain') refreshChain(data.name);
  else model.hear(type, data);
  draw();
}

function start() {
  live?.close();
  for (const turn of due.values()) clearTimeout(turn.timer);
  due.clear();
  const own = model = new Model();
  own.onNote = note => { if (note.tone !== 'plain') text(byId('announcer'), note.text); };
  notesShown = null;
  link = 'connecting';
  lostAt = null;
  setState('loading');
  showLink();
  const mine = live = new Live({
    async begin() {
      await loadPicture(own);
      if (live !== mine) return;
      setState('ready');
      draw();
    },
    open() {
      link = 'live';
      lostAt = null;
      text(byId('alarm'), '');
      showLink();
    },
    event: take,
    lost(error, delay) {
      if (link !== 'lost') {
        lostAt = link === 'live' ? model.now() : null;
        model.forgetSpeeds();
        text(byId('alarm'), 'The connection to the service is lost.');
      }

      link = 'lost';
      retryAt = Date.now() + delay;
      showLink();
    },
    refused(error) {
      link = 'locked';
      model = new Model();
      setState('locked');
      text(byId('locked-why'), token.get() || error.code !== 'unauthorized' ? error.message : 'Nothing is shown without one.');
      showLink();
      byId('locked-token').focus();
    },
  });
  mine.run();
}

// --- What is done --------------------------------------------------------------------------------------------------

async function carryOut(action) {
  try {
    await action();
  } catch (error) {
    alert(error.message);
  }

  draw();
}

function showRange(answer) {
  return model.answer(answer, range => model.setRange(range)).then(draw);
}

function changeRange(verb, range) {
  if (verb === 'cancel' && !confirm(`Cancel the range ${count(range.first)} – ${count(range.last)}? What is stored stays.`)) return;
  carryOut(() => showRange(verb === 'cancel' ? call('DELETE', `v1/ranges/${range.id}`) : call('POST', `v1/ranges/${range.id}/${verb}`)));
}

function changePeer(verb, peer) {
  const path = `v1/peers/${encodeURIComponent(peer.peerId)}`;
  if (verb === 'remove' && !confirm(`Forget the peer ${peer.peerId}? Its ban, if it has one, stays.`)) return;
  carryOut(async () => {
    if (verb !== 'remove') return model.answer(call('POST', `${path}/${verb}`), thing => model.setPeer(thing));
    await call('DELETE', path);
    model.remove('peer', peer.peerId);
  });
}

forms({
  chainNames: () => [...model.chains.values()].map(c => c.chain.name),
  status: () => model.status,
  posted: showRange,
  added: answer => model.answer(answer, peer => model.setPeer(peer, true)).then(draw),
  tokenChanged() {
    start();
    byId('main').focus();
  },
});

byId('retry').addEventListener('click', () => live.hurry());
addEventListener('online', () => live.hurry());
document.addEventListener('visibilitychange', () => { if (!document.hidden && link === 'lost') live.hurry(); });
setInterval(() => {
  if (link === 'live') {
    model.tick();
    draw();
  }

  if (link === 'lost' || link === 'live') showLink();
}, 1_000);
start();
