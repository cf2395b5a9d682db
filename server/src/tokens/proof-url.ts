/*
 * The `htu` of a possession proof, brought into one form before it is compared (RFC 9449 section 4.3, RFC 3986
 * section 6.2). Pure.
 */

const UNRESERVED = /^[A-Za-z0-9\-._~]$/;

/**
 * Lower-cases scheme and host, drops the default port, dot segments, query and fragment, and writes percent-encoding
 * in one way. Null for what is not an http(s) or ws(s) URL, and for one that carries a user name.
 */
export function toProofUrl(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || !/^(?:https?|wss?):$/.test(url.protocol)) return null;
  if (url.username !== '' || url.password !== '') return null;
  const path = url.pathname.replace(/%[0-9a-f]{2}/gi, (escaped) => {
    const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return UNRESERVED.test(character) ? character : escaped.toUpperCase();
  });
  return `${url.protocol}//${url.host}${path}`;
}
