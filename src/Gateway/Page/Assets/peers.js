// One row per peer, and below it, on demand, its ledger and what can be done about it.

import { attribute, make, text } from './dom.js';
import { bytes, clock, count, moment, plural, rate, signed, span, words } from './format.js';
import { peerName, standing } from './model.js';

const columns = ['Peer', 'State', 'Score', 'Doing', 'Speed', 'Good', 'Not found', 'Failed', 'Wrong', ''];
const forever = 100 * 365 * 86400;

function cell(index, numeric) {
  return make(numeric ? 'td.num' : 'td', { role: 'cell', 'data-label': columns[index] });
}

/** act(verb, peer) carries out block, unblock, protect, unprotect and remove; rangeOf(id) names a range. */
export function peerView(act, speedOf, now, rangeOf) {
  let peer = null;
  const cells = columns.map((_, i) => cell(i, [2, 4, 5, 6, 7, 8].includes(i)));
  const [who, state, score, doing, speed, good, absent, failed, wrong, more] = cells;
  const id = make('code'), agent = make('span.sub');
  who.append(id, agent);
  const chip = make('span.chip'), until = make('span.sub');
  state.append(chip, until);
  const speedMain = make('span'), speedSub = make('span.sub');
  speed.append(speedMain, speedSub);
  const doingMain = make('span'), doingSub = make('span.sub');
  doing.append(doingMain, doingSub);
  const toggle = make('button.small', { type: 'button', 'aria-expanded': 'false' }, 'Details');
  more.append(toggle);

  const facts = make('dl.facts'), ledger = make('ol.ledger'), ledgerTitle = make('h4', {}, 'Score ledger');
  const block = make('button.small', { type: 'button' }), protect = make('button.small', { type: 'button' });
  const forgive = make('button.small', { type: 'button' }, 'Forgive'), remove = make('button.small', { type: 'button' }, 'Remove');
  const detail = make('tr.detail', { role: 'row', hidden: true },
    make('td', { role: 'cell', colSpan: columns.length }, make('div.detail-box', {}, make('div', {}, ledgerTitle, ledger), make('div', {}, facts, make('p.buttons', {}, forgive, block, protect, remove)))));
  const row = make('tr', { role: 'row' }, ...cells);
  const root = make('tbody', { role: 'rowgroup' }, row, detail);

  toggle.addEventListener('click', () => {
    detail.hidden = !detail.hidden;
    attribute(toggle, 'aria-expanded', String(!detail.hidden));
    text(toggle, detail.hidden ? 'Details' : 'Less');
    showDetail();
  });
  const isOut = () => standing(peer) === 'out';
  forgive.addEventListener('click', () => act('unblock', peer));   // lifts a rest too
  block.addEventListener('click', () => act(isOut() ? 'unblock' : 'block', peer));
  protect.addEventListener('click', () => act(peer.protected ? 'unprotect' : 'protect', peer));
  remove.addEventListener('click', () => act('remove', peer));

  const wait = date => {
    const seconds = (Date.parse(date) - now()) / 1000;
    return seconds > forever ? 'until lifted' : `for ${span(seconds)}`;
  };

  function describe() {
    if (peer.state === 'banned' || peer.state === 'blocked') return ['out', peer.state, peer.bannedUntil ? wait(peer.bannedUntil) : 'until lifted', ''];
    if (peer.restingUntil && Date.parse(peer.restingUntil) > now()) return ['trouble', 'resting', wait(peer.restingUntil), ''];
    if (peer.state === 'ok' || peer.state === 'resting') return peer.connected ? ['ok', 'ok', '', ''] : ['trouble', 'not connected', '', ''];
    return ['trouble', 'trouble', '', peer.state];
  }

  function showDetail() {
    if (detail.hidden) return;
    const entries = peer.ledger.slice(0, 12).map(e => make('li', {},
      make('time', { dateTime: e.when, title: moment(new Date(e.when)) }, clock(new Date(e.when))), make('span', {}, words(e.reason)),
      make('span.num', { 'data-tone': e.amount < 0 ? 'bad' : 'plain' }, `${e.amount > 0 ? '+' : ''}${signed(e.amount)}`)));
    ledger.replaceChildren(...(entries.length > 0 ? entries : [make('li.quiet', {}, 'No entry.')]));
    const pairs = [
      ['Id', peer.peerId], ['Address', peer.addresses.join(', ') || 'unknown'], ['Agent', peer.agent || 'unknown'],
      ['Requests', `${count(peer.requests)}, of them ${count(peer.rateLimited)} refused for rate and ${count(peer.timeouts)} timed out`],
      ['Received', bytes(peer.bytes)], ['Standing', [peer.configured ? 'named in the configuration' : '', peer.protected ? 'protected from bans' : ''].filter(Boolean).join(', ') || 'ordinary'],
    ];
    facts.replaceChildren(...pairs.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value))));
    forgive.hidden = isOut() || !(peer.restingUntil && Date.parse(peer.restingUntil) > now());
    text(block, isOut() ? 'Unblock' : 'Block');
    text(protect, peer.protected ? 'Unprotect' : 'Protect');
    remove.disabled = peer.configured;
    attribute(remove, 'title', peer.configured ? 'The configuration names this peer.' : null);
  }

  return {
    root,
    update(next) {
      peer = next;
      const [kind, label, below, problem] = describe();
      attribute(root, 'data-peer', peer.peerId);
      attribute(root, 'data-standing', kind);
      text(id, peerName(peer.peerId));
      attribute(id, 'title', peer.peerId);
      text(agent, peer.agent || peer.addresses[0] || '');
      text(chip, label);
      attribute(chip, 'data-tone', { ok: 'good', trouble: 'warn', out: 'bad' }[kind]);
      text(until, below);
      text(score, signed(peer.score));
      attribute(score, 'data-tone', peer.score < 0 ? 'bad' : null);
      const busy = peer.inFlight > 0, works = peer.ranges.map(rangeOf).filter(Boolean);
      text(doingMain, problem || (busy ? `${plural(peer.inFlight, 'request')} open` : kind !== 'ok' ? '–' : works.length > 0 ? 'next request soon' : 'idle'));
      text(doingSub, works.length > 1 ? `${works[0]} and ${works.length - 1} more` : works[0] ?? '');
      attribute(doing, 'title', works.length > 1 ? works.join('\n') : null);
      text(speedMain, kind === 'out' ? '–' : `${bytes(speedOf(peer.peerId))}/s`);
      text(speedSub, kind === 'out' || peer.rate <= 0 || peer.rate > 1e5 ? '' : `up to ${rate(peer.rate)} req/s`);
      text(good, count(peer.ok));
      text(absent, count(peer.notFound));
      text(failed, count(peer.failed + peer.timeouts));
      text(wrong, count(peer.rejected + peer.malformed));
      attribute(wrong, 'data-tone', peer.rejected + peer.malformed > 0 ? 'bad' : null);
      attribute(toggle, 'aria-label', `Details of peer ${peerName(peer.peerId)}`);
      showDetail();
    },
  };
}
