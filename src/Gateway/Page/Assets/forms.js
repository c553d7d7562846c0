// The dialogs: fetch a range, add a peer, the token.

import { byId, make, text } from './dom.js';
import { call, newKey, token } from './gateway.js';

/** Opens a dialog whose form sends one thing; a fault keeps it open and says why. */
function dialog(id, send) {
  const box = byId(`${id}-dialog`), form = byId(`${id}-form`), fault = form.querySelector('.fault'), button = form.querySelector('button.primary');
  form.querySelector('.cancel').addEventListener('click', () => box.close());
  form.addEventListener('submit', async event => {
    event.preventDefault();
    button.disabled = true;
    text(fault, '');
    try {
      await send(new FormData(form));
      box.close();
    } catch (error) {
      text(fault, error.message);
    } finally {
      button.disabled = false;
    }
  });
  return {
    form,
    open() {
      text(fault, '');
      box.showModal();
    },
  };
}

/** The key of a post stays the same until its content changes: sending again after a lost answer does nothing twice. */
function keyed() {
  let key = '', content = '';
  return body => {
    const next = JSON.stringify(body);
    if (next !== content) [key, content] = [newKey(), next];
    return key;
  };
}

function showChains(select, names) {
  const chosen = select.value;
  select.replaceChildren(...names.map(name => make('option', { value: name }, name)));
  if (names.includes(chosen)) select.value = chosen;
}

/** hooks: chainNames(), status(), posted(promise of a range), added(promise of a peer), tokenChanged(). */
export function forms(hooks) {
  const rangeKey = keyed(), peerKey = keyed();

  const range = dialog('range', async data => {
    const first = Number(data.get('first')), last = Number(data.get('last')), hash = data.get('hash').trim(), number = data.get('number').trim();
    if (first > last) throw new Error('The first block is above the last one.');
    if (number && !hash) throw new Error('A trusted block needs its hash.');
    const body = { chain: data.get('chain'), first, last, priority: Number(data.get('priority') || 0) };
    if (hash) body.anchor = { number: number ? Number(number) : last, hash };
    await hooks.posted(call('POST', 'v1/ranges', body, { key: rangeKey(body) }));
    range.form.reset();
  });

  const peer = dialog('peer', async data => {
    const body = { chain: data.get('chain'), address: data.get('address').trim() };
    await hooks.added(call('POST', 'v1/peers', body, { key: peerKey(body) }));
    peer.form.reset();
  });

  /** A wrong token is not kept. */
  async function adopt(form) {
    const given = form.elements.token.value.trim();
    await call('GET', 'v1/status', undefined, { withToken: given });
    token.set(given);
    form.reset();
    hooks.tokenChanged();
  }

  const access = dialog('token', () => adopt(access.form));
  const forget = byId('forget');
  forget.addEventListener('click', () => {
    token.set(null);
    byId('token-dialog').close();
    hooks.tokenChanged();
  });

  byId('locked-form').addEventListener('submit', async event => {
    event.preventDefault();
    try {
      await adopt(event.target);
    } catch (error) {
      text(byId('locked-why'), error.message);
    }
  });

  const openRange = () => {
    showChains(byId('r-chain'), hooks.chainNames());
    range.open();
  };
  const openPeer = () => {
    showChains(byId('p-chain'), hooks.chainNames());
    peer.open();
  };
  const openToken = () => {
    const held = token.get() !== null;
    forget.hidden = !held;
    text(byId('token-state'), held ? 'A token is in use in this tab.' : {
      all: 'No token is configured here: this machine may do everything.',
      read: 'Reading is open to everybody; changes need a token.',
    }[hooks.status()?.anonymous] ?? 'This gateway needs a token.');
    access.open();
  };
  byId('open-range').addEventListener('click', openRange);
  byId('open-peer').addEventListener('click', openPeer);
  byId('open-token').addEventListener('click', openToken);
  for (const button of document.querySelectorAll('[data-open]')) button.addEventListener('click', button.dataset.open === 'range' ? openRange : openPeer);
}
