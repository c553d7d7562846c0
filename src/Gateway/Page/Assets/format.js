// Figures and times as people read them. All text, never markup.

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const fullTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });

export const count = n => whole.format(n);

/** Exactly one decimal below 100, none above. */
export const rate = n => n < 100 ? n.toFixed(1) : whole.format(n);

/** Bytes in decimal units. */
export function bytes(n) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let i = 0;
  while (n >= 999.5 && i < units.length - 1) { n /= 1000; i++; }
  return `${i === 0 ? whole.format(n) : n < 99.95 ? n.toFixed(1) : whole.format(n)} ${units[i]}`;
}

/** A length of time in the two units that matter. */
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 172800) return `${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} min`;
  return `${whole.format(Math.floor(s / 86400))} days`;
}

/** Time left as the service gives it: two bounds, or the reason for none. */
export function left(timeLeft) {
  const { lowSeconds: low, highSeconds: high } = timeLeft;
  if (low === null || high === null) return null;
  const a = span(low), b = span(high);
  return a === b ? a : high < 60 ? `${Math.round(low)} – ${b}` : `${a} – ${b}`;
}

/** With a minus sign as wide as a digit. */
export const signed = n => n.toFixed(1).replace('-', '−');

export const percent = (part, all) => all > 0 ? (part === all ? 100 : Math.min(99.9, Math.floor(part / all * 1000) / 10)) : 0;

export const clock = date => clockTime.format(date);

export const moment = date => fullTime.format(date);

/** The ends of an id or a hash: enough to tell two apart. */
export const short = (text, head = 6, tail = 6) => text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`;

/** Words out of a code such as nobodyHasHeight or NotFound. */
export const words = code => code.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();

export const plural = (n, one, many = one + 's') => `${count(n)} ${n === 1 ? one : many}`;
