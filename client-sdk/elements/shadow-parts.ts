/*
 * Builds what stands in the elements' shadow trees. Text is always text, never markup, and styles are constructable
 * sheets: a page's content security policy needs no exception for either.
 */

type Attributes = { readonly [name: string]: string };

/** Builds one element with attributes and children. */
export function build<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Makes a sheet that any number of shadow trees share. */
export function makeSheet(css: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return sheet;
}

/** Writes text only where it differs: a live region that is written to is read aloud again. */
export function write(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Hands properties that a page set before the element was defined on to their setters, which they would hide. */
export function takeEarly(host: HTMLElement, ...names: readonly string[]): void {
  for (const name of names) {
    if (!Object.hasOwn(host, name)) continue;
    const value: unknown = Reflect.get(host, name);
    Reflect.deleteProperty(host, name);
    Reflect.set(host, name, value);
  }
}
