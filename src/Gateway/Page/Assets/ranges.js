// One card per range: how far it is, how fast, and why not.

import { attribute, make, text } from './dom.js';
import { bytes, count, left, moment, percent, plural, rate, short, words } from './format.js';
import { isEnded, isStalled, peerName, rangeName } from './model.js';

function tone(range) {
  if (range.state === 'complete') return range.stall ? 'warn' : 'good';
  if (range.state === 'running') return isStalled(range) ? 'warn' : 'busy';
  return range.state === 'paused' || range.state === 'cancelled' ? 'plain' : 'bad';
}

function sentence(range) {
  if (range.stall && (range.state !== 'running' || isStalled(range))) return range.stall.text;
  switch (range.state) {
    case 'complete': return 'Every block is stored and linked to the trusted one.';
    case 'running': return [
      range.stall?.code === 'rateLimited' ? 'Blocks are coming in as fast as the peers allow' : 'Blocks are coming in',
      range.cursor === null ? '.' : `; linked down to ${count(range.cursor + 1)}.`,
    ].join('');
    case 'paused': return 'Paused.';
    case 'cancelled': return 'Cancelled; what was stored stays.';
    default: return `It ended: ${words(range.state)}.`;
  }
}

function figure(list, label, live = false) {
  const value = make('b', {}, '–'), sub = make('span.sub');
  list.append(make(live ? 'div.live' : 'div', {}, make('dt', {}, label), make('dd', {}, value, sub)));
  return (main, below = '') => {
    text(value, main);
    text(sub, below);
    attribute(sub, 'title', below || null);
  };
}

/** act(verb, range) carries out pause, resume and cancel. */
export function rangeView(act, chainName) {
  let range = null, seen = false;
  const chip = make('span.chip'), title = make('h3'), chain = make('span.quiet');
  const pause = make('button.small', { type: 'button' }), cancel = make('button.small', { type: 'button' }, 'Cancel');
  const fill = make('div.fill'), bar = make('div.progress', { role: 'progressbar', 'aria-valuemin': '0', 'aria-valuemax': '100' }, fill);
  const figures = make('dl.figures');
  const stored = figure(figures, 'Stored'), speed = figure(figures, 'Speed', true), time = figure(figures, 'Time left', true);
  const open = figure(figures, 'Requests open', true), held = figure(figures, 'Fetched, not stored', true), got = figure(figures, 'Received');
  const why = make('p.why');
  const summary = make('summary', {}, 'Who gave what'), shares = make('ul.shares'), facts = make('ul.facts');
  const details = make('details', {}, summary, shares, facts);
  pause.addEventListener('click', () => act(range.state === 'paused' ? 'resume' : 'pause', range));
  cancel.addEventListener('click', () => act('cancel', range));
  details.addEventListener('toggle', () => showDetails());

  function showDetails() {
    if (!details.open) return;
    const most = Math.max(1, ...range.shares.map(s => s.bytes));
    shares.replaceChildren(...range.shares.map(share => {
      const inner = make('div.fill');
      inner.style.inlineSize = `${share.bytes / most * 100}%`;
      return make('li', {}, make('code', { title: share.peerId }, peerName(share.peerId)), make('div.share', {}, inner),
        make('span.num', {}, `${count(share.blocks)} blocks`), make('span.num', {}, bytes(share.bytes)));
    }));
    const lines = [];
    if (range.shares.length === 0) lines.push('Nobody gave anything since it was last woken.');
    if (range.missing.length > 0) lines.push(`Held up by ${range.missing.map(count).join('; ')}`);
    for (const c of range.contradictions) lines.push(`Block ${count(c.number)} must be ${short(c.expected, 10, 6)}; ${short(c.source, 6, 8)} has ${short(c.found, 10, 6)}`);
    lines.push(`Priority ${range.priority}${range.deadline ? `, ends by itself at ${moment(new Date(range.deadline))}` : ''}`);
    lines.push(`Id ${range.id}`);
    facts.replaceChildren(...lines.map(line => make('li', {}, line)));
  }

  return {
    root: make('article.panel.range', {}, make('header', {}, chip, title, chain, make('span.grow'), pause, cancel), bar, figures, why, details),
    update(next) {
      range = next;
      const ended = isEnded(range), part = percent(range.stored, range.total);
      attribute(this.root, 'data-range', range.id);
      attribute(this.root, 'data-tone', tone(range));
      this.root.classList.toggle('ended', ended);
      if (!seen && ended) this.root.classList.add('brief');   // one that ends before our eyes keeps its size: nothing jumps
      seen = true;
      text(chip, isStalled(range) ? 'stalled' : words(range.state));
      attribute(chip, 'data-tone', tone(range));
      text(title, rangeName(range));
      text(chain, [chainName(range.chainId), ended ? `${count(range.stored)} of ${plural(range.total, 'block')} stored` : ''].filter(Boolean).join(', '));
      text(pause, range.state === 'paused' ? 'Resume' : 'Pause');
      attribute(pause, 'aria-label', `${pause.textContent} range ${rangeName(range)}`);
      attribute(cancel, 'aria-label', `Cancel range ${rangeName(range)}`);
      pause.hidden = cancel.hidden = ended;
      fill.style.inlineSize = `${part}%`;
      attribute(bar, 'aria-valuenow', part);
      attribute(bar, 'aria-label', `Stored of range ${rangeName(range)}`);
      stored(`${part.toFixed(part === 100 ? 0 : 1)} %`, `${count(range.stored)} of ${count(range.total)}`);
      speed(`${bytes(range.bytesPerSecond)}/s`, `${rate(range.blocksPerSecond)} blocks/s`);
      const remaining = range.state === 'running' ? left(range.timeLeft) : null;
      time(remaining ?? '–', remaining ? '' : range.state === 'paused' ? 'paused' : (range.timeLeft.unknown ?? ''));
      open(count(range.inFlight));
      held(count(range.quarantined), 'blocks');
      got(bytes(range.bytes));
      text(why, sentence(range));
      showDetails();
    },
  };
}
