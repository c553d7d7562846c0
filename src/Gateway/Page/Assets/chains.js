// One card per chain: heads, figures, and the map.

import { attribute, make, makeSvg, text } from './dom.js';
import { count, plural, short } from './format.js';
import { draw, layout } from './map.js';
import { isEnded, isStalled } from './model.js';

const runsListed = 50;

function figure(list, label) {
  const value = make('b', {}, '–'), sub = make('span.sub');
  list.append(make('div', {}, make('dt', {}, label), make('dd', {}, value, sub)));
  const show = (main, below = '', title = null) => {
    text(value, main);
    text(sub, below);
    attribute(sub, 'title', title);
  };
  return Object.assign(show, { sub });
}

export function chainView() {
  const name = make('h3'), id = make('span.quiet');
  const heads = make('dl.figures');
  const stored = figure(heads, 'Stored up to'), safe = figure(heads, 'Safe'), finalized = figure(heads, 'Finalized');
  const blocks = figure(heads, 'Blocks'), peers = figure(heads, 'Peers'), anchors = figure(heads, 'Anchors');
  const svg = makeSvg('svg', { class: 'map', viewBox: '0 0 1000 38', preserveAspectRatio: 'none', role: 'img' });
  const low = make('span'), cuts = make('span.quiet'), high = make('span');
  const axis = make('div.axis', {}, low, cuts, high);
  const legend = make('p.legend', {}, make('i.key-stored'), 'stored', make('i.key-range'), 'wanted', make('i.key-stalled'), 'stalled',
    make('i.key-paused'), 'paused', make('i.key-cursor'), 'highest not linked yet');
  const nothing = make('p.nothing', {}, 'Nothing is stored yet, and nothing is wanted.');
  const summary = make('summary'), runs = make('ol.runs');
  const details = make('details', {}, summary, runs);
  let drawn = null;

  const head = (show, block, none, why = none) => block ? show(count(block.number), short(block.hash, 8, 6), block.hash) : show('–', none, why);

  function showRuns(detail) {
    const listed = detail.islands.slice(-runsListed).reverse();
    const items = listed.map(i => make('li', {}, i.first === i.last ? count(i.first) : `${count(i.first)} – ${count(i.last)}`, make('span.quiet', {}, ` ${plural(i.last - i.first + 1, 'block')}`)));
    if (detail.islandCount > listed.length) items.push(make('li.quiet', {}, `and ${count(detail.islandCount - listed.length)} more below`));
    runs.replaceChildren(...items);
  }

  details.addEventListener('toggle', () => { drawn = null; });

  return {
    root: make('article.panel.chain', {}, make('header', {}, name, id), heads, make('div.map-box', {}, svg, axis, nothing), legend, details),
    update({ detail, ranges }) {
      const { chain, islands } = detail;
      text(name, chain.name);
      text(id, chain.name.endsWith(String(chain.chainId)) ? '' : `chain ${chain.chainId}`);
      head(stored, chain.stored, 'nothing yet');
      const [source] = detail.sources, untold = !source ? 'no source tells' : source.problem ? 'source is silent' : 'source tells none';
      const why = source ? `${source.host}: ${source.problem ?? 'tells none'}` : untold;
      head(safe, chain.safe, untold, why);
      head(finalized, chain.finalized, untold, why);
      const silent = source?.problem ? 'warn' : null;
      attribute(safe.sub, 'data-tone', chain.safe ? null : silent);
      attribute(finalized.sub, 'data-tone', chain.finalized ? null : silent);
      blocks(count(chain.blocks), `in ${plural(detail.islandCount, 'run')}`);
      peers(`${count(chain.usablePeers)}`, `usable of ${count(chain.peers)}`);
      anchors(count(chain.anchors), chain.anchors === 0 ? 'none of the chain’s own' : `highest ${count(detail.anchors[0]?.number ?? 0)}`);

      const own = ranges.filter(r => r.chainId === chain.chainId && !isEnded(r));
      const picture = JSON.stringify([islands, own.map(r => [r.first, r.last, r.cursor, r.state, isStalled(r)]), details.open]);
      if (picture === drawn) return;
      drawn = picture;
      const scale = layout([...islands, ...own]);
      this.root.classList.toggle('bare', scale === null);
      details.classList.toggle('nil', islands.length === 0);
      text(summary, `Stored runs (${count(detail.islandCount)})`);
      if (details.open) showRuns(detail);
      if (!scale) return;
      draw(svg, scale, islands, own);
      text(low, count(scale.first));
      text(high, count(scale.last));
      text(cuts, scale.segments.length > 1 ? `${plural(scale.segments.length - 1, 'long gap')} left out` : '');
      attribute(svg, 'aria-label', `${plural(detail.islandCount, 'stored run')} and ${plural(own.length, 'open range')} between ${count(scale.first)} and ${count(scale.last)}.`);
    },
  };
}
