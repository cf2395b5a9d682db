/*
 * The camera's side of Digest authentication (RFC 7616 with MD5, as cameras do it): a challenge, and whether an answer to it
 * is right. Pure but for the nonce the caller brings.
 */
import { createHash } from 'node:crypto';

export type Credentials = { readonly user: string; readonly password: string };

const REALM = 'virtual camera';
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

export const buildChallenge = (nonce: string): string =>
  `Digest realm="${REALM}", nonce="${nonce}", algorithm=MD5, qop="auth"`;

/** Whether an `Authorization` header answers the challenge for this method. */
export function isRightAnswer(header: string | undefined, method: string, nonce: string, known: Credentials): boolean {
  if (header === undefined || !/^digest /i.test(header)) return false;
  const fields = new Map<string, string>();
  for (const [, name = '', quoted, plain] of header.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g)) {
    fields.set(name.toLowerCase(), quoted ?? plain ?? '');
  }
  const field = (name: string): string => fields.get(name) ?? '';
  if (field('username') !== known.user || field('nonce') !== nonce || field('realm') !== REALM) return false;
  const first = md5(`${known.user}:${REALM}:${known.password}`);
  const second = md5(`${method}:${field('uri')}`);
  const middle = field('qop') === '' ? [nonce] : [nonce, field('nc'), field('cnonce'), field('qop')];
  return field('response') === md5([first, ...middle, second].join(':'));
}
