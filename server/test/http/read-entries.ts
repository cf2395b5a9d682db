/* The ledger of a rig, read through the routes as anybody can read it. */
import { decodeBundle } from '@sallyport/protocol/tile';
import type { HttpRig } from './http-rig.ts';

/** Every entry, oldest first; a test's ledger fits in one bundle. */
export async function readEntries({ app, ask }: HttpRig): Promise<readonly Record<string, unknown>[]> {
  const size = Number((await ask('GET', '/checkpoint', null)).text.split('\n')[1]);
  const bundle = await app.inject({ method: 'GET', url: `/tile/entries/000.p/${size}` });
  const decoded = decodeBundle(new Uint8Array(bundle.rawPayload));
  if (!decoded.ok) throw new Error('the entries cannot be read');
  return decoded.value.map((entry) => JSON.parse(new TextDecoder().decode(entry)));
}
