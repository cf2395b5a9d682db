/*
 * Reads a camera's XML into a small tree. Names lose their prefixes, since every vendor chooses its own and some forget to
 * declare them; a DOCTYPE, too many elements or too deep a nesting is refused. Entities are never expanded but the five of
 * XML itself. Pure.
 */
import { SaxesParser } from 'saxes';
import { IngestFault } from '../ingest-fault.ts';
import { limits } from '../limits.ts';

export type XmlElement = {
  /** Without its prefix. */
  readonly name: string;
  /** Without their prefixes. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Its own text, trimmed. */
  readonly text: string;
};

type Draft = { name: string; attributes: Record<string, string>; children: Draft[]; text: string };

const unreadable = (what: string): IngestFault =>
  new IngestFault('not-onvif', `What answers there does not speak ONVIF: ${what}.`);
const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

/** The root element. Throws `not-onvif`. */
export function parseXml(text: string): XmlElement {
  const root: Draft = { name: '', attributes: {}, children: [], text: '' };
  const open: Draft[] = [root];
  let elements = 0;
  const parser = new SaxesParser();
  parser.on('error', () => {
    throw unreadable('its XML is broken');
  });
  parser.on('doctype', () => {
    throw unreadable('its XML has a document type');
  });
  parser.on('opentag', ({ name, attributes }) => {
    elements += 1;
    if (elements > limits.xmlElementsMax || open.length > limits.xmlDepthMax) throw unreadable('its XML is too large');
    const named = Object.entries(attributes).map(([key, value]) => [localName(key), value] as const);
    const draft: Draft = { name: localName(name), attributes: Object.fromEntries(named), children: [], text: '' };
    open.at(-1)?.children.push(draft);
    open.push(draft);
  });
  const addText = (part: string): void => {
    const at = open.at(-1);
    if (at) at.text += part;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const closed = open.pop();
    if (closed) closed.text = closed.text.trim();
  });
  // A byte order mark or empty lines before the declaration are common, and forbidden.
  parser.write(text.trimStart()).close();
  const [first] = root.children;
  if (!first) throw unreadable('it sent no XML');
  return first;
}

/** The first element reached by these names, one below the other. */
export function findChild(from: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  let at = from;
  for (const name of path) at = at?.children.find((child) => child.name === name);
  return at;
}

export const listChildren = (from: XmlElement | undefined, name: string): readonly XmlElement[] =>
  from?.children.filter((child) => child.name === name) ?? [];

/** The text at a path; null when there is none or it is empty. */
export const textAt = (from: XmlElement | undefined, ...path: readonly string[]): string | null =>
  findChild(from, ...path)?.text || null;
