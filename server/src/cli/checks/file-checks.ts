/* Checks of files: the data directory and the keys in it, and the TLS certificate. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { access, constants, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Finding } from '../../finding.ts';
import { type Check, mend, ok, warn } from './check.ts';

const OTHERS = 0o077;
const KEYS_LOOKED_AT = 100;
const DAY_MS = 86_400_000;
/** Time to mend it in office hours. */
const EXPIRY_WARNING_MS = 14 * DAY_MS;
/** A file may be a little newer than a clock that is being set. */
const AHEAD_MS_MAX = 60_000;

export const dataCheck: Check = {
  about: 'the data directory',
  when: 'start',
  look: async ({ dataDirectory }) => {
    const path = resolve(dataDirectory);
    const there = await stat(path).catch(() => null);
    if (there === null) {
      // The whole path is made at the first start, from the first directory that is there.
      const parent = await nearestDirectory(path);
      if (await mayWrite(parent)) return [ok(`data directory ${path} will be made`)];
      return [mend(`data directory ${path} cannot be made: ${parent} is not writable`, WRITABLE)];
    }
    if (!there.isDirectory()) return [mend(`${path} is no directory`, 'Set SALLYPORT_DATA_DIR to one.')];
    if (!(await mayWrite(path))) return [mend(`data directory ${path} is not writable`, WRITABLE)];
    const open = await findOpenKeys(path);
    if (open.length === 0) return [ok(`data directory ${path}, its keys private`)];
    return open.map((key) =>
      mend(`${key} may be read by others`, `If it may have leaked, replace it; else: chmod 600 ${key}`),
    );
  },
};

const WRITABLE = 'Make it writable for this user, or set SALLYPORT_DATA_DIR.';

async function nearestDirectory(path: string): Promise<string> {
  for (let at = dirname(path); ; at = dirname(at)) {
    if (at === dirname(at) || (await stat(at).catch(() => null))) return at;
  }
}

const mayWrite = (path: string): Promise<boolean> =>
  access(path, constants.W_OK).then(
    () => true,
    () => false,
  );

async function findOpenKeys(directory: string): Promise<string[]> {
  const keys = await readdir(join(directory, 'keys')).catch(() => []);
  const paths = [
    join(directory, 'camera.key'),
    ...keys.slice(0, KEYS_LOOKED_AT).map((name) => join(directory, 'keys', name)),
  ];
  const open: string[] = [];
  for (const path of paths) {
    const facts = await stat(path).catch(() => null);
    if (facts?.isFile() && (facts.mode & OTHERS) !== 0) open.push(path);
  }
  return open;
}

/** The newest write of a server in this directory lies ahead of the clock by so much; 0 when it does not. */
export async function measureAheadMs(dataDirectory: string, nowMs: number): Promise<number> {
  const path = resolve(dataDirectory);
  const names = ['sallyport.db', 'sallyport.db-wal'];
  const all = await Promise.all(names.map((name) => stat(join(path, name)).catch(() => null)));
  const aheadMs = Math.max(...all.map((facts) => (facts?.mtimeMs ?? 0) - nowMs));
  return aheadMs > AHEAD_MS_MAX ? aheadMs : 0;
}

export const tlsCheck: Check = {
  about: 'the TLS certificate',
  when: 'start',
  look: async ({ tls, publicUrl }, { readText, nowMs }) => {
    if (tls === null) return [ok('no TLS here: SALLYPORT_TLS_CERT is not set')];
    const [cert, key] = await Promise.all([readText(tls.certPath), readText(tls.keyPath)]);
    if (cert === null || key === null)
      return [mend('certificate or key cannot be read', 'Look at SALLYPORT_TLS_CERT and SALLYPORT_TLS_KEY.')];
    return [judgeTls({ cert, key, host: new URL(publicUrl).hostname, nowMs: nowMs() })];
  },
};

type Pair = { readonly cert: string; readonly key: string; readonly host: string; readonly nowMs: number };

function judgeTls({ cert, key, host, nowMs }: Pair): Finding {
  const read = readPair(cert, key);
  if (typeof read === 'string') return mend(read, 'Both must be PEM files: the certificate chain, and its key.');
  const { certificate, fits } = read;
  if (!fits)
    return mend('the TLS key is not the one of the certificate', 'Set SALLYPORT_TLS_KEY to the key it was made with.');
  const untilMs = Date.parse(certificate.validTo);
  if (untilMs <= nowMs) return mend(`the TLS certificate ran out on ${certificate.validTo}`, 'Renew it, then restart.');
  if (Date.parse(certificate.validFrom) > nowMs)
    return mend(`the TLS certificate is not valid before ${certificate.validFrom}`, 'Look at the clock, or renew it.');
  const isAddress = /^[\d.]+$|^\[/.test(host);
  const named = isAddress ? certificate.checkIP(host.replace(/[[\]]/g, '')) : certificate.checkHost(host);
  if (named === undefined)
    return warn(
      `the TLS certificate does not name ${host}`,
      'Browsers will refuse it: SALLYPORT_PUBLIC_URL must be named.',
    );
  const days = Math.floor((untilMs - nowMs) / DAY_MS);
  if (untilMs - nowMs < EXPIRY_WARNING_MS)
    return warn(`the TLS certificate runs out in ${days} days`, 'Renew it, then restart.');
  return ok(`TLS certificate for ${host}, good for ${days} days`);
}

function readPair(cert: string, key: string): string | { certificate: X509Certificate; fits: boolean } {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    return 'the TLS certificate cannot be read';
  }
  try {
    return { certificate, fits: certificate.checkPrivateKey(createPrivateKey(key)) };
  } catch {
    return 'the TLS key cannot be read';
  }
}
