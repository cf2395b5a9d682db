/*
 * What a page reads out of its own address: only well-formed ids and keys, never more than fits.
 */
import fc from 'fast-check';
import t from 'tap';
import { parseFragment } from '../../web/src/page-key.ts';
import { buildWallSearch, parseWallAddress, TILES_MAX, wallColumns } from '../../web/src/wall-address.ts';

const incidentId = `inc_${'a'.repeat(26)}`;
const cameraId = (letter: string): `cam_${string}` => `cam_${letter.repeat(26)}`;

t.test('a wall goes into its address and comes out again', async (t) => {
  const walls = [
    { incidentId: null, cameraIds: [] },
    { incidentId, cameraIds: [] },
    { incidentId, cameraIds: [cameraId('a'), cameraId('b')] },
  ];
  for (const wall of walls) t.same(parseWallAddress(buildWallSearch(wall)), wall);
});

t.test('what is no id, comes twice or does not fit is left out', async (t) => {
  t.same(parseWallAddress('?incident=inc_1&camera=../x&camera=cam_&camera=<b>'), { incidentId: null, cameraIds: [] });
  t.same(parseWallAddress(`?camera=${cameraId('a')}&camera=${cameraId('a')}`).cameraIds, [cameraId('a')]);
  const many = [...'abcdefghijklmnop'].map((letter) => `camera=${cameraId(letter)}`).join('&');
  t.equal(parseWallAddress(`?${many}`).cameraIds.length, TILES_MAX);
});

t.test('no address can break the page', async () => {
  fc.assert(
    fc.property(fc.string(), (search) => {
      const { incidentId: incident, cameraIds } = parseWallAddress(search);
      return (incident === null || incident.startsWith('inc_')) && cameraIds.length <= TILES_MAX;
    }),
  );
});

t.test('columns of a wall', async (t) => {
  t.same([0, 1, 2, 4, 5, 9].map(wallColumns), [1, 1, 2, 2, 3, 3]);
});

t.test('a key in the fragment', async (t) => {
  t.same(parseFragment('#key=sp_abc-123'), { key: 'sp_abc-123', viewer: null });
  t.same(parseFragment('#key=sp_abc&viewer=Unit%207'), { key: 'sp_abc', viewer: 'Unit 7' });
  for (const hash of ['', '#', '#key=', '#key=a%0Ab', '#key=a%20b', `#key=${'x'.repeat(201)}`, '#else=1']) {
    t.equal(parseFragment(hash).key, null, hash.slice(0, 12));
  }
  fc.assert(fc.property(fc.string(), (hash) => /^[\x21-\x7e]+$/.test(parseFragment(hash).key ?? 'none')));
});
