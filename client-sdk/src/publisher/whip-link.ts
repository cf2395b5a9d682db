/*
 * What a WHIP answer says beside its SDP: the Link header's ICE servers and the address of the session's events
 * (RFC 8288, RFC 9725 section 4.6). Pure; called by whip-session.ts.
 */

const EVENTS_REL = 'urn:sallyport:ext:server-sent-events';
/** More ICE servers than that only slow a browser down. */
const ICE_SERVERS_MAX = 8;

type Link = { readonly target: string; readonly parameters: ReadonlyMap<string, string> };
export type WhipLinks = { readonly iceServers: readonly RTCIceServer[]; readonly eventsUrl: string | null };

const LINK = /<([^>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]+))*)/g;
const PARAMETER = /;\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+))/g;

function readLinks(header: string): readonly Link[] {
  return [...header.matchAll(LINK)].map(([, target = '', rest = '']) => ({
    target,
    parameters: new Map(
      [...rest.matchAll(PARAMETER)].map(([, name = '', quoted, bare = '']) => [
        name.toLowerCase(),
        quoted?.replace(/\\(.)/g, '$1') ?? bare,
      ]),
    ),
  }));
}

function toIceServer({ target, parameters }: Link): RTCIceServer {
  const username = parameters.get('username');
  const credential = parameters.get('credential');
  return {
    urls: target,
    ...(username === undefined ? {} : { username }),
    ...(credential === undefined ? {} : { credential }),
  };
}

/** Reads a Link header; an event address is taken only from the server that was asked. */
export function readWhipLinks(header: string | null, base: string): WhipLinks {
  const links = readLinks(header ?? '');
  const having = (rel: string) => links.filter(({ parameters }) => parameters.get('rel')?.split(/\s+/).includes(rel));
  const [events] = having(EVENTS_REL);
  const url = events !== undefined && URL.canParse(events.target, base) ? new URL(events.target, base) : null;
  const isOwn = url !== null && url.origin === new URL(base).origin;
  const iceServers = having('ice-server').map(toIceServer).slice(0, ICE_SERVERS_MAX);
  return { iceServers, eventsUrl: isOwn ? url.href : null };
}
