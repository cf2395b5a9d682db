/*
 * The pieces of SDP a WHIP client handles itself (RFC 9725, RFC 8840): the fragment that asks for an ICE restart, and
 * the old answer under the new credentials. Pure; called by publish-connection.ts.
 */

export type IceCredentials = { readonly ufrag: string; readonly pwd: string };

const UFRAG = /^a=ice-ufrag:([A-Za-z0-9+/]{4,256})\s*$/m;
const PWD = /^a=ice-pwd:([A-Za-z0-9+/]{22,256})\s*$/m;

/** The first credentials in a text; null when there are none that could be put into a description. */
export function readCredentials(text: string): IceCredentials | null {
  const ufrag = UFRAG.exec(text)?.[1];
  const pwd = PWD.exec(text)?.[1];
  return ufrag === undefined || pwd === undefined ? null : { ufrag, pwd };
}

/** Builds the restart fragment of an offer; null when the offer lacks a part of it. No candidates: the server is lite. */
export function buildRestartFragment(offer: string): string | null {
  const line = (start: string) => offer.split(/\r?\n/).find((one) => one.startsWith(start));
  const parts = ['a=group:BUNDLE', 'm=', 'a=mid:', 'a=ice-ufrag:', 'a=ice-pwd:'].map(line);
  return parts.includes(undefined) ? null : `${parts.join('\r\n')}\r\n`;
}

/** Puts other credentials into an answer. */
export const withCredentials = (answer: string, { ufrag, pwd }: IceCredentials): string =>
  answer.replace(/^a=ice-ufrag:.*$/gm, `a=ice-ufrag:${ufrag}`).replace(/^a=ice-pwd:.*$/gm, `a=ice-pwd:${pwd}`);
