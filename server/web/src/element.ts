/*
 * Builds DOM elements from code: text is always text, never markup. Every page uses it.
 */

type Attributes = { readonly [name: string]: string | null };
export type Child = Node | string | null;

/** Builds one element. An attribute of null is left out; a child of null too. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** Builds a button that calls `act` on a click. */
export function button(label: string, className: string, act: () => void): HTMLButtonElement {
  const node = element('button', { type: 'button', class: className }, label);
  node.addEventListener('click', act);
  return node;
}

/** Finds an element the page's own HTML promises. Throws TypeError when it does not. */
export function need(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new TypeError(`the page has no #${id}`);
  return found;
}
