/*
 * The viewer's own key: a token is bound to it, so that a copied token opens nothing. The private half cannot be
 * exported, not even by the page; at most the browser keeps it in IndexedDB. Called once per Viewer.
 */
import { toBase64Url } from '@sallyport/protocol/bytes';

/** The public half as it stands in a proof's header; members in the order RFC 7638 hashes them. */
export type PublicJwk = { readonly crv: 'P-256'; readonly kty: 'EC'; readonly x: string; readonly y: string };

export type ViewerKey = {
  readonly privateKey: CryptoKey;
  readonly publicJwk: PublicJwk;
  /** RFC 7638 thumbprint, base64url: goes into the token's `cnf.jkt`. */
  readonly jkt: string;
};

const DATABASE = 'sallyport-viewer';
const STORE = 'keys';
const SLOT = 'viewer-key';
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** Hashes a public key after RFC 7638. */
export async function thumbprint(jwk: PublicJwk): Promise<string> {
  const canonical = JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y });
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(canonical))));
}

async function toViewerKey(pair: CryptoKeyPair): Promise<ViewerKey> {
  const { x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  if (x === undefined || y === undefined) throw new TypeError('the browser did not export the public key');
  const publicJwk: PublicJwk = { crv: 'P-256', kty: 'EC', x, y };
  return { privateKey: pair.privateKey, publicJwk, jkt: await thumbprint(publicJwk) };
}

const generatePair = (): Promise<CryptoKeyPair> => crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify']);

/**
 * Makes a key that lives as long as the page.
 * Throws TypeError where the page is neither https nor localhost: browsers give WebCrypto only there.
 */
export async function createViewerKey(): Promise<ViewerKey> {
  if (globalThis.crypto?.subtle === undefined) throw new TypeError('viewing needs a page from https or localhost');
  return toViewerKey(await generatePair());
}

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB failed'));
  });

async function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return settled(request);
}

const isPair = (value: unknown): value is CryptoKeyPair =>
  typeof value === 'object' && value !== null && 'privateKey' in value && 'publicKey' in value;

async function keptPair(database: IDBDatabase): Promise<CryptoKeyPair> {
  const found: unknown = await settled(database.transaction(STORE).objectStore(STORE).get(SLOT));
  if (isPair(found)) return found;
  const pair = await generatePair();
  await settled(database.transaction(STORE, 'readwrite').objectStore(STORE).put(pair, SLOT));
  return pair;
}

/**
 * Opens the key this browser keeps for this origin, or makes it. Falls back to a key of the page alone where the
 * browser refuses to store one (private windows). Throws as createViewerKey.
 */
export async function openViewerKey(): Promise<ViewerKey> {
  if (globalThis.crypto?.subtle === undefined || globalThis.indexedDB === undefined) return createViewerKey();
  try {
    const database = await openDatabase();
    try {
      return await toViewerKey(await keptPair(database));
    } finally {
      database.close();
    }
  } catch {
    return createViewerKey();
  }
}
