// The one way to the service: requests with the token, and the live events with resumption.

const tokenKey = 'opsync.token';
const silenceMax = 40_000;        // the service sends a sign of life every 15 s
const retryMax = 15_000;
const requestMax = 15_000;
const bufferMax = 4 << 20;        // characters of one event

export class Refused extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** The token of this tab. */
export const token = {
  get: () => sessionStorage.getItem(tokenKey),
  set: value => value ? sessionStorage.setItem(tokenKey, value) : sessionStorage.removeItem(tokenKey),
};

const url = path => new URL(path, document.baseURI);

function headers(extra, given = token.get()) {
  return given ? { ...extra, Authorization: `Bearer ${given}` } : extra;
}

async function refusal(response) {
  try {
    const problem = await response.json();
    return new Refused(response.status, problem.code, problem.detail);
  } catch {
    return new Refused(response.status, 'error', `The gateway answered ${response.status}.`);
  }
}

export async function call(method, path, body, { key, withToken } = {}) {
  const extra = { Accept: 'application/json' };
  if (body !== undefined) extra['Content-Type'] = 'application/json';
  if (key) extra['Idempotency-Key'] = key;
  let response;
  try {
    response = await fetch(url(path), {
      method, headers: headers(extra, withToken), body: body === undefined ? undefined : JSON.stringify(body),
      cache: 'no-store', credentials: 'omit', redirect: 'error', signal: AbortSignal.timeout(requestMax),
    });
  } catch {
    throw new Error('The gateway cannot be reached.');   // the browser's own words are for programmers
  }

  if (!response.ok) throw await refusal(response);
  return response.status === 204 ? null : response.json();
}

export const get = path => call('GET', path);

/** A name for one post, so that sending it again after a lost answer does nothing twice. Also where there is no secure context. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, '0')).join('');
}

/**
 * Follows the live events until it is closed. EventSource cannot send a token, so the stream is read by hand
 * (WHATWG HTML, "Parsing an event stream").
 */
export class Live {
  #handlers;
  #lastId = null;
  #retry = 2_000;
  #failures = 0;
  #stop = new AbortController();
  #wake = () => {};

  /** handlers: begin() before each connection, open(), event(type, data), lost(error, delay), refused(error). */
  constructor(handlers) {
    this.#handlers = handlers;
  }

  close() {
    this.#stop.abort();
    this.#wake();
  }

  /** Connects now instead of after the pause. */
  hurry() {
    this.#wake();
  }

  async run() {
    while (!this.#stop.signal.aborted) {
      let error = null;
      try {
        await this.#handlers.begin();
        await this.#read();
      } catch (e) {
        error = e;
      }

      if (this.#stop.signal.aborted) return;
      if (error instanceof Refused && (error.status === 401 || error.status === 403)) {
        this.#handlers.refused(error);
        return;
      }

      const delay = Math.min(retryMax, this.#retry * 1.5 ** this.#failures++) * (0.8 + 0.4 * Math.random());
      this.#handlers.lost(error, delay);
      await this.#pause(delay);
    }
  }

  #pause(delay) {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, delay);
      this.#wake = () => { clearTimeout(timer); resolve(); };
    });
  }

  async #read() {
    const connection = new AbortController();
    const stop = () => connection.abort();
    this.#stop.signal.addEventListener('abort', stop);
    let watchdog = setTimeout(stop, silenceMax);
    try {
      const extra = { Accept: 'text/event-stream' };
      if (this.#lastId) extra['Last-Event-ID'] = this.#lastId;
      const response = await fetch(url('v1/events'), {
        headers: headers(extra), cache: 'no-store', credentials: 'omit', redirect: 'error', signal: connection.signal,
      });
      if (!response.ok) throw await refusal(response);
      this.#failures = 0;
      this.#handlers.open();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = '';
      for (;;) {
        const { value, done } = await reader.read();
        clearTimeout(watchdog);
        if (done) return;
        watchdog = setTimeout(stop, silenceMax);
        rest += value;
        const end = rest.lastIndexOf('\n\n');
        if (end >= 0) {
          for (const frame of rest.slice(0, end).split('\n\n')) this.#take(frame);
          rest = rest.slice(end + 2);
        } else if (rest.length > bufferMax) {
          throw new Error('An event is too long.');
        }
      }
    } finally {
      clearTimeout(watchdog);
      this.#stop.signal.removeEventListener('abort', stop);
      connection.abort();
    }
  }

  #take(frame) {
    let type = 'message', id = null, data = '';
    for (const line of frame.split('\n')) {
      const colon = line.indexOf(':');
      if (colon <= 0) continue;
      const value = line.slice(colon + 1).replace(/^ /, '');
      switch (line.slice(0, colon)) {
        case 'event': type = value; break;
        case 'id': id = value; break;
        case 'data': data = data ? `${data}\n${value}` : value; break;
        case 'retry': if (/^\d+$/.test(value)) this.#retry = Math.max(500, Number(value)); break;
      }
    }

    if (data) this.#handlers.event(type, JSON.parse(data));
    if (id) this.#lastId = id;
  }
}
