/* Which stream to take, and where a smaller one may be: tables. */
import t from 'tap';
import type { OfferedStream } from '../../src/app/ports/camera-discovery.ts';
import { chooseStream } from '../../src/app/stream-choice.ts';
import { hintSubStream } from '../../src/app/sub-stream-hints.ts';
import { offeredStream } from '../support/offered-stream.ts';

const stream = (profile: string, change: Partial<OfferedStream>): OfferedStream =>
  offeredStream({ profile, ...change });
const fourK = stream('4k', { widthPx: 3840, heightPx: 2160, bitsPerSecond: 8_000_000 });
const full = stream('full', { widthPx: 1920, heightPx: 1080, bitsPerSecond: 4_000_000 });
const small = stream('small', { widthPx: 640, heightPx: 360, bitsPerSecond: 500_000 });
const hevc = (of: OfferedStream): OfferedStream => ({ ...of, codec: 'H265' });
const mjpeg = (of: OfferedStream): OfferedStream => ({ ...of, codec: 'JPEG' });
const untold = stream('untold', { widthPx: null, heightPx: null, bitsPerSecond: null });

const choices: readonly (readonly [name: string, streams: readonly OfferedStream[], profile: string | null])[] = [
  ['the largest that is carried', [small, full], 'full'],
  ['the sub-stream of a camera of 4K', [fourK, small], 'small'],
  ['the sub-stream in H.264 before the main one in H.265', [hevc(full), small], 'small'],
  ['H.264 of 4K before a small one in H.265', [hevc(small), fourK], '4k'],
  ['the lighter of two that are too heavy', [fourK, { ...full, bitsPerSecond: 6_000_000 }], 'full'],
  ['the smaller of what must be transcoded', [hevc(full), hevc(small)], 'small'],
  ['H.265 before MJPEG', [mjpeg(small), hevc(full)], 'full'],
  ['MJPEG where there is nothing else', [mjpeg(full), mjpeg(small)], 'small'],
  ['one whose size is told', [untold, small], 'small'],
  ['one that tells nothing, when it is alone', [untold], 'untold'],
  ['the first among equals', [full, { ...full, profile: 'same' }], 'full'],
  ['nothing', [], null],
];
for (const [name, streams, profile] of choices) {
  t.test(`takes ${name}`, async (t) => {
    const choice = chooseStream(streams);
    t.equal(choice?.stream.profile ?? null, profile);
    if (choice) t.match(choice.why, /H\.264/);
  });
}

const hints: readonly (readonly [path: string, hint: RegExp | null])[] = [
  ['/Streaming/Channels/101', /\/Streaming\/Channels\/102/],
  ['/Streaming/Channels/1601?transportmode=unicast', /\/Streaming\/Channels\/1602/],
  ['/Streaming/Channels/102', null],
  ['/h264/ch2/main/av_stream', /\/h264\/ch2\/sub\/av_stream/],
  ['/cam/realmonitor?channel=1&subtype=0', /subtype=1/],
  ['/cam/realmonitor?channel=1&subtype=1', null],
  ['/h264Preview_01_main', /\/h264Preview_01_sub/],
  ['/Preview_02_main', /_02_sub/],
  ['/h264Preview_01_sub', null],
  ['/axis-media/media.amp?videocodec=h265', /videocodec=h264/],
  ['/stream1', /\/stream2/],
  ['/stream2', null],
  ['/live', null],
];
for (const [path, hint] of hints) {
  t.test(`a smaller stream than ${path}`, async (t) => {
    const found = hintSubStream(`rtsp://admin:Tr0ub4dor@192.0.2.1:554${path}`);
    if (hint === null) t.equal(found, null);
    else t.match(found, hint);
    t.notMatch(found ?? '', /Tr0ub4dor|192\.0\.2\.1/);
  });
}
