/* The feeds of one connection: places, cameras, whose session is whose. */
import type { CameraId } from '@sallyport/protocol/ids';
import fc from 'fast-check';
import t from 'tap';
import { type Feed, FeedList } from '../../src/signalling/feed-list.ts';
import { cameraOf, sessionOf } from './fake-keeper.ts';

function reserve(list: FeedList, cameraId: CameraId): Feed {
  const feed = list.reserve(cameraId);
  if (typeof feed === 'string') throw new Error(`expected a place, got ${feed}`);
  return feed;
}

t.test('one camera once, so many feeds and no more', async (t) => {
  const list = new FeedList(2);
  const first = reserve(list, cameraOf(1));
  t.equal(list.reserve(cameraOf(1)), 'already-joined');
  reserve(list, cameraOf(2));
  t.equal(list.reserve(cameraOf(3)), 'too-many-feeds');
  t.equal(list.reserve(cameraOf(2)), 'already-joined', 'the more telling answer first');
  list.release(first);
  list.release(first);
  t.equal(list.size, 1);
  reserve(list, cameraOf(1));
});

t.test('a camera that is being left can be joined again, but its place is still taken', async (t) => {
  const list = new FeedList(2);
  const first = reserve(list, cameraOf(1));
  first.sessionId = sessionOf(1);
  first.leaving = true;
  const second = reserve(list, cameraOf(1));
  second.sessionId = sessionOf(2);
  t.equal(list.reserve(cameraOf(3)), 'too-many-feeds');
  list.release(first);
  t.equal(list.find(sessionOf(1)), null);
  t.equal(list.find(sessionOf(2)), second);
});

t.test('joins that are still being decided have no session to be found or left', async (t) => {
  const list = new FeedList(3);
  reserve(list, cameraOf(1));
  const decided = reserve(list, cameraOf(2));
  decided.sessionId = sessionOf(2);
  t.same(list.takeSessions(), [sessionOf(2)]);
  t.same(list.takeSessions(), [], 'each once');
  t.equal(list.size, 0);
});

t.test('in any order of joins and leaves: within the bound, and no camera twice', async () => {
  const step = fc.record({ act: fc.constantFrom('join', 'leave', 'end'), camera: fc.integer({ min: 1, max: 6 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const list = new FeedList(4);
      const held: Feed[] = [];
      for (const { act, camera } of steps) {
        const mine = held.find((feed) => feed.cameraId === cameraOf(camera) && !feed.leaving);
        if (act === 'join') {
          const feed = list.reserve(cameraOf(camera));
          if (typeof feed !== 'string') held.push(feed);
        } else if (mine && act === 'leave') mine.leaving = true;
        else if (mine) {
          list.release(mine);
          held.splice(held.indexOf(mine), 1);
        }
        const watched = held.filter((feed) => !feed.leaving).map((feed) => feed.cameraId);
        if (list.size !== held.length || list.size > 4 || new Set(watched).size !== watched.length) return false;
      }
      return true;
    }),
  );
});
