// The strip that shows which heights are stored and which are wanted.

import { makeSvg } from './dom.js';
import { count } from './format.js';
import { isStalled } from './model.js';

const width = 1000;
const storedTop = 2, storedHeight = 22, rangeTop = 28, rangeHeight = 8;
const segmentsMax = 8;
const gapShare = 0.03;            // of the width, for heights that nobody stored or wants
const segmentShareMin = 0.05;

/**
 * A scale from heights to places. Long stretches without anything are cut out: a chain has a hundred million
 * heights, and what is of interest is often a few thousand of them.
 */
export function layout(spans) {
  const merged = [];
  for (const span of [...spans].sort((a, b) => a.first - b.first)) {
    const top = merged.at(-1);
    if (top && span.first <= top.last + 1) top.last = Math.max(top.last, span.last);
    else merged.push({ first: span.first, last: span.last });
  }

  if (merged.length === 0) return null;
  const covered = merged.reduce((sum, s) => sum + s.last - s.first + 1, 0);
  const gaps = merged.slice(1).map((s, i) => s.first - merged[i].last - 1).sort((a, b) => b - a);
  const cutAbove = Math.max(covered * 0.25, gaps[segmentsMax - 1] ?? 0);
  const segments = [{ ...merged[0] }];
  for (const span of merged.slice(1)) {
    const top = segments.at(-1);
    if (span.first - top.last - 1 > cutAbove) segments.push({ ...span });
    else top.last = span.last;
  }

  const room = width * (1 - gapShare * (segments.length - 1));
  const length = segments.reduce((sum, s) => sum + s.last - s.first + 1, 0);
  const shares = segments.map(s => Math.max(segmentShareMin, (s.last - s.first + 1) / length));
  const total = shares.reduce((sum, s) => sum + s, 0);
  let at = 0;
  segments.forEach((segment, i) => {
    segment.x = at;
    segment.width = room * shares[i] / total;
    at += segment.width + width * gapShare;
  });

  const place = height => {
    const segment = segments.find(s => height <= s.last + 1) ?? segments.at(-1);
    const part = (height - segment.first) / (segment.last - segment.first + 1);
    return segment.x + segment.width * Math.min(1, Math.max(0, part));
  };

  return { segments, place, first: segments[0].first, last: segments.at(-1).last };
}

/** Draws into an svg element with the view box 0 0 1000 38. */
export function draw(svg, scale, islands, ranges) {
  const shapes = [];
  const bar = (kind, first, last, y, height, title) => {
    const x = scale.place(first);
    const rect = makeSvg('rect', { class: kind, x: x.toFixed(2), y, width: Math.max(1.5, scale.place(last + 1) - x).toFixed(2), height });
    if (title) rect.append(Object.assign(makeSvg('title'), { textContent: title }));
    shapes.push(rect);
    return rect;
  };

  scale.segments.forEach((segment, i) => {
    bar('track', segment.first, segment.last, storedTop, storedHeight);
    const next = scale.segments[i + 1];
    if (next) shapes.push(makeSvg('line', { class: 'cut', x1: segment.x + segment.width + 4, x2: next.x - 4, y1: storedTop + storedHeight / 2, y2: storedTop + storedHeight / 2 }));
  });

  // Runs closer than what can be seen are drawn as one.
  let run = null;
  const flush = () => run && bar('stored', run.first, run.last, storedTop, storedHeight, `${count(run.first)} – ${count(run.last)} stored`);
  for (const island of islands) {
    if (run && scale.place(island.first) - scale.place(run.last + 1) < 0.5) {
      run.last = island.last;
    } else {
      flush();
      run = { first: island.first, last: island.last };
    }
  }

  flush();
  for (const range of ranges) {
    const kind = range.state === 'paused' ? 'wanted paused' : isStalled(range) ? 'wanted stalled' : 'wanted';
    bar(kind, range.first, range.last, rangeTop, rangeHeight, `${count(range.first)} – ${count(range.last)} wanted`);
    if (range.cursor !== null) {
      const x = scale.place(range.cursor);
      shapes.push(makeSvg('line', { class: 'cursor', x1: x, x2: x, y1: storedTop, y2: rangeTop + rangeHeight }));
    }
  }

  svg.replaceChildren(...shapes);
}
