/*
 * The elements' words and how they read their attributes, as tables.
 */
import fc from 'fast-check';
import t from 'tap';
import { parseCamera, parseCameras, toSignalUrl } from '../../elements/endpoint.ts';
import { countdownText, mayRetry, toStateWords } from '../../elements/state-words.ts';
import type { FeedState } from '../../src/index.ts';

const [a, b] = [`cam_${'a'.repeat(26)}`, `cam_${'b'.repeat(26)}`] as const;
const term = { sessionId: `ses_${'a'.repeat(26)}`, untilMs: 0, endsAtTickMs: 100_000 } as const;
const live: FeedState = { name: 'live', timeToFirstPictureMs: 94.6, ...term };

const table: readonly (readonly [state: FeedState, aloud: string, mayRetry: boolean])[] = [
  [{ name: 'connecting' }, 'Connecting. Asking for permission to view.', false],
  [{ name: 'waiting' }, 'Deciding. The gate is being decided.', false],
  [{ name: 'offered', ...term }, 'Opening. The gate is open. Waiting for the first picture.', false],
  [live, 'Live.', false],
  [{ name: 'dark', reason: 'silent', next: 'retrying' }, 'Dark. No new picture is arriving. Trying again.', false],
  [{ name: 'dark', reason: 'incident-closed', next: 'final' }, 'Closed. The incident is closed.', true],
  [{ name: 'ended' }, 'Left. You have left this camera.', true],
];

t.test('each state has words, and a veil wherever there is no picture', async (t) => {
  for (const [state, aloud, retry] of table) {
    const words = toStateWords(state, 0);
    t.equal(words.aloud, aloud);
    t.equal(mayRetry(state), retry, state.name);
    t.equal(words.veil === null, state.name === 'live');
  }
  t.match(toStateWords({ name: 'idle' }, 0).veil, /has not yet said/);
});

t.test('the countdown is shown, and only its last minute is told', async (t) => {
  t.equal(toStateWords(live, 0).facts, 'First picture after 95 ms · gate closes in 1:40');
  t.equal(toStateWords(live, 39_000).aloud, 'Live.');
  t.equal(toStateWords(live, 40_000).aloud, 'Live. The gate closes within a minute.');
  t.equal(toStateWords(live, 41_000).aloud, toStateWords(live, 99_000).aloud, 'once');
  const countdowns = [-5, 0, 1, 59_001, 61_000, 3_725_000].map(countdownText);
  t.same(countdowns, ['0:00', '0:00', '0:01', '1:00', '1:01', '1:02:05']);
});

t.test('ids are read once each, and nothing else is', async (t) => {
  t.equal(parseCamera(` ${a}\n`), a);
  for (const text of [null, '', 'cam_', `${a}x`, a.toUpperCase(), `${a} ${b}`]) t.equal(parseCamera(text), null);
  t.same(parseCameras(`${b}\n ${a} nonsense ${b}`), [b, a]);
  t.same(parseCameras(null), []);
  const texts = fc.array(fc.oneof(fc.constantFrom(a, b), fc.string())).map((parts) => parts.join(' '));
  fc.assert(fc.property(texts, (text) => parseCameras(text).every((id) => parseCamera(id) === id)));
});

t.test('an endpoint is a WebSocket address or nothing', async (t) => {
  const base = 'https://town.example/page/';
  const cases: readonly (readonly [endpoint: string | null, url: string | null])[] = [
    [null, 'wss://town.example/v1/signal'],
    ['', 'wss://town.example/v1/signal'],
    ['wss://video.example/v1/signal', 'wss://video.example/v1/signal'],
    ['https://video.example/v1/signal', 'wss://video.example/v1/signal'],
    ['/video/v1/signal', 'wss://town.example/video/v1/signal'],
    ['javascript:alert(1)', null],
    ['http://[', null],
  ];
  for (const [endpoint, url] of cases) t.equal(toSignalUrl(endpoint, base), url, String(endpoint));
  t.equal(toSignalUrl(null, 'http://localhost:1/'), 'ws://localhost:1/v1/signal');
});
