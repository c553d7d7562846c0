// The page is built of elements and text nodes only: nothing that comes from the service is ever parsed as markup.

const svgSpace = 'http://www.w3.org/2000/svg';

/** An element with properties and children; a text child becomes a text node. */
export function make(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split('.');
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(properties)) {
    if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

export function makeSvg(tag, attributes = {}) {
  const element = document.createElementNS(svgSpace, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** Sets a text if it differs, so that a selection and a screen reader are left in peace. */
export function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

export function attribute(element, name, value) {
  if (value === null || value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

export const byId = id => document.getElementById(id);

/** Keeps the children of a parent in step with a list: one view per key, made once, moved only where the order changed. */
export class Keyed {
  #parent;
  #views = new Map();
  #create;

  #head;

  /** head: a first child that stays where it is, if there is one. */
  constructor(parent, create, head = null) {
    this.#parent = parent;
    this.#create = create;
    this.#head = head;
  }

  show(items, keyOf) {
    const keys = new Set(items.map(keyOf));
    for (const [key, view] of this.#views) {
      if (keys.has(key)) continue;
      view.root.remove();
      this.#views.delete(key);
    }

    let next = this.#head ? this.#head.nextElementSibling : this.#parent.firstElementChild;
    for (const item of items) {
      const key = keyOf(item);
      let view = this.#views.get(key);
      if (!view) this.#views.set(key, view = this.#create(item));
      view.update(item);
      if (view.root === next) next = next.nextElementSibling;
      else this.#parent.insertBefore(view.root, next);
    }
  }
}
