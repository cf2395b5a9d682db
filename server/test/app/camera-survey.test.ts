/* What a camera offers, and what the operator is told of it; on a probe and a discovery that answer as the test says. */
import t from 'tap';
import { appBounds } from '../../src/app/bounds.ts';
import { CameraSurvey } from '../../src/app/camera-survey.ts';
import type { CameraDevice, DiscoveryOutcome, OfferedStream } from '../../src/app/ports/camera-discovery.ts';
import type { CameraAddress, OfferedTrack, ProbeOutcome } from '../../src/app/ports/camera-source.ts';
import { camera } from '../support/facts.ts';
import { offeredStream } from '../support/offered-stream.ts';

const track = (change: Partial<OfferedTrack> = {}): OfferedTrack => ({
  kind: 'video',
  codec: 'H264',
  playable: 'yes',
  widthPx: 1280,
  heightPx: 720,
  ...change,
});
const facts = {
  codec: 'H264',
  cameraCodec: 'H264',
  profileLevelId: null,
  widthPx: null,
  heightPx: null,
  audio: null,
} as const;
const probed = (...tracks: readonly OfferedTrack[]): ProbeOutcome => ({ ok: true, tracks, facts });
const hevc = { codec: 'H265', playable: 'transcoded', widthPx: null, heightPx: null } as const;
const silent: ProbeOutcome = { ok: false, reason: 'unreachable', text: 'The camera cannot be reached.' };

type Rig = { readonly probe?: ProbeOutcome; readonly found?: DiscoveryOutcome | readonly OfferedStream[] };
function makeSurvey({ probe = probed(track()), found = [offeredStream()] }: Rig) {
  const asked: { addresses: CameraAddress[]; devices: CameraDevice[] } = { addresses: [], devices: [] };
  const outcome: DiscoveryOutcome = 'ok' in found ? found : { ok: true, streams: found, clockOffsetMs: 0 };
  const survey = new CameraSurvey({
    probe: {
      probe: async (address) => {
        asked.addresses.push(address);
        return probe;
      },
    },
    discovery: {
      discover: async (device) => {
        asked.devices.push(device);
        return outcome;
      },
    },
    secrets: { seal: () => '', unseal: () => null, mask: (url) => url.replace(/\/\/[^@]*@/, '//***@') },
  });
  return { survey, asked };
}
const rtspUrl = 'rtsp://admin:Tr0ub4dor@127.0.0.1/live';
const onvif = { address: '127.0.0.1', username: 'admin', password: 'Tr0ub4dor' };

t.test('a sound camera: its tracks, and no advice', async (t) => {
  const { survey, asked } = makeSurvey({
    probe: probed(track(), track({ kind: 'audio', codec: 'PCMU', playable: 'yes', widthPx: null, heightPx: null })),
  });
  t.same(await survey.survey(camera.id, { rtspUrl, certificateSha256: 'ab' }), {
    ok: true,
    value: {
      address: { cameraId: camera.id, url: rtspUrl, certificateSha256: 'ab' },
      offer: {
        reached: true,
        reason: null,
        text: null,
        tracks: [
          { kind: 'video', codec: 'H264', widthPx: 1280, heightPx: 720, plays: 'as-is', transcodeCores: null },
          { kind: 'audio', codec: 'PCMU', widthPx: null, heightPx: null, plays: 'as-is', transcodeCores: null },
        ],
        profile: null,
        snapshot: null,
        advice: [],
      },
    },
  });
  t.same(asked.devices, [], 'a URL is probed as it is; nothing else is asked');
});

t.test('a camera that is off is enrolled unseen, and the offer says so', async (t) => {
  const { survey } = makeSurvey({ probe: silent });
  t.match(await survey.survey(camera.id, { rtspUrl }), {
    ok: true,
    value: {
      offer: {
        reached: false,
        reason: 'unreachable',
        text: /cannot be reached.*enrolled unseen/,
        tracks: [],
        advice: [],
      },
    },
  });
});

t.test('one that needs a person is not enrolled', async (t) => {
  const { survey } = makeSurvey({ probe: { ok: false, reason: 'credentials-wrong', text: 'Wrong.' } });
  t.same(await survey.survey(camera.id, { rtspUrl }), { ok: false, code: 'camera-url-refused', detail: 'Wrong.' });
});

t.test('users of ONVIF that are no users of the streams are told apart', async (t) => {
  const probe = { ok: false, reason: 'credentials-wrong', text: 'Wrong.' } as const;
  const byDevice = await makeSurvey({ probe }).survey.survey(camera.id, { onvif });
  t.match(byDevice, {
    ok: false,
    code: 'camera-url-refused',
    detail: /Wrong\. The ONVIF user is no user of its streams/,
  });
});

const advised: readonly (readonly [
  name: string,
  url: string,
  tracks: readonly OfferedTrack[],
  advice: readonly RegExp[],
])[] = [
  ['H.265', rtspUrl, [track(hevc)], [/H265 is transcoded.*13 % of a core.*H\.264/]],
  [
    'H.265, with sound that passes',
    rtspUrl,
    [track({ kind: 'audio', codec: 'PCMU', widthPx: null, heightPx: null }), track(hevc)],
    [/H265 is transcoded/],
  ],
  ['MJPEG', rtspUrl, [track({ ...hevc, codec: 'JPEG' })], [/JPEG is transcoded.*16 % of a core/]],
  ['MPEG-4, which nobody measured', rtspUrl, [track({ ...hevc, codec: 'MP4V-ES' })], [/a good part of a core/]],
  ['H.265 beside H.264', rtspUrl, [track(hevc), track()], []],
  [
    'H.265 of a known family',
    'rtsp://a:Tr0ub4dor@h/Streaming/Channels/101',
    [track(hevc)],
    [/transcoded/, /Channels\/102/],
  ],
  ['4K', rtspUrl, [track({ widthPx: 3840, heightPx: 2160 })], [/larger than 1920x1080/]],
  [
    '4K of a known family',
    'rtsp://h:554/h264Preview_01_main',
    [track({ widthPx: 3840, heightPx: 2160 })],
    [/Preview_01_sub/, /larger/],
  ],
  ['1080p', rtspUrl, [track({ widthPx: 1920, heightPx: 1088 })], []],
];
for (const [name, url, tracks, advice] of advised) {
  t.test(`advice: ${name}`, async (t) => {
    const surveyed = await makeSurvey({ probe: probed(...tracks) }).survey.survey(camera.id, { rtspUrl: url });
    if (!surveyed.ok) throw new Error(surveyed.detail);
    const given = surveyed.value.offer.advice;
    t.equal(given.length, advice.length, given.join(' '));
    for (const [at, sentence] of advice.entries()) t.match(given[at], sentence);
    t.notMatch(given.join(), /Tr0ub4dor/);
  });
}

t.test('by ONVIF the recommended stream is taken, and where to ask for key frames is kept', async (t) => {
  const main = offeredStream({ profile: 'main', codec: 'H265', widthPx: 2560, heightPx: 1440, hasSnapshot: true });
  const sub = offeredStream({ profile: 'sub', url: 'rtsp://admin:Tr0ub4dor@127.0.0.1:554/sub' });
  const { survey, asked } = makeSurvey({ found: [main, sub] });
  t.match(await survey.survey(camera.id, { onvif }), {
    ok: true,
    value: {
      address: { url: sub.url, keyFrames: sub.keyFrames },
      offer: { profile: 'sub', snapshot: false, advice: [] },
    },
  });
  t.match(asked.devices, [{ address: '127.0.0.1', credentials: { username: 'admin' } }]);
  const chosen = makeSurvey({ found: [main, sub], probe: probed(track(hevc)) });
  t.match(await chosen.survey.survey(camera.id, { onvif: { ...onvif, profile: 'main' } }), {
    ok: true,
    value: {
      address: { url: main.url },
      offer: {
        profile: 'main',
        snapshot: true,
        tracks: [{ widthPx: 2560, heightPx: 1440, plays: 'transcoded', transcodeCores: 0.51 }],
        advice: [/Profile sub \(H264, 1280x720\) would be better/, /51 % of a core/],
      },
    },
  });
  t.match(await survey.survey(camera.id, { onvif: { ...onvif, profile: 'none' } }), {
    ok: false,
    code: 'camera-not-asked',
    detail: /has main, sub/,
  });
});

const settings: readonly (readonly [name: string, change: Partial<OfferedStream>, advice: RegExp])[] = [
  ['many bits', { bitsPerSecond: 6_000_000 }, /4 Mbit\/s/],
  ['rare key frames', { keyFrameEveryMs: 10_000 }, /every 2 s/],
  ['few pictures', { framesPerSecond: 2 }, /10 to 15/],
];
for (const [name, change, advice] of settings) {
  t.test(`settings: ${name}`, async (t) => {
    const { survey } = makeSurvey({ found: [offeredStream(change)] });
    const [enrolled, shown] = [await survey.survey(camera.id, { onvif }), await survey.discover(onvif)];
    if (!enrolled.ok || !shown.ok) throw new Error('refused');
    t.match(enrolled.value.offer.advice, [advice]);
    t.match(shown.value.advice, [advice]);
    t.equal(shown.value.advice.length, 1);
  });
}

t.test('a device is shown masked, with one recommendation, and a word on its clock', async (t) => {
  const streams = [
    offeredStream({ hasSnapshot: true }),
    offeredStream({ profile: 'sub', widthPx: 640, heightPx: 360 }),
  ];
  const { survey } = makeSurvey({ found: { ok: true, streams, clockOffsetMs: -appBounds.clockOffsetAdviceMs - 1 } });
  const shown = await survey.discover(onvif);
  t.match(shown, {
    ok: true,
    value: {
      streams: [
        { profile: 'main', rtspUrl: 'rtsp://***@127.0.0.1:554/main', snapshot: true, recommended: true },
        { profile: 'sub', snapshot: false, recommended: false },
      ],
      recommended: { profile: 'main', why: /H\.264/ },
      advice: [/clock/],
    },
  });
  t.notMatch(JSON.stringify(shown), /Tr0ub4dor|serviceUrl/);
});

t.test('a device that does not answer is not enrolled, and refusals by the guard are told apart', async (t) => {
  const rows = [
    ['unreachable', 'camera-not-asked'],
    ['credentials-wrong', 'camera-not-asked'],
    ['not-onvif', 'camera-not-asked'],
    ['not-allowed', 'camera-url-refused'],
    ['bad-url', 'camera-url-refused'],
  ] as const;
  for (const [reason, code] of rows) {
    const { survey, asked } = makeSurvey({ found: { ok: false, reason, text: 'No.' } });
    t.same(await survey.survey(camera.id, { onvif }), { ok: false, code, detail: 'No.' }, reason);
    t.same(await survey.discover(onvif), { ok: false, code, detail: 'No.' });
    t.same(asked.addresses, []);
  }
});

t.test('only so many devices are asked at once', async (t) => {
  const { survey } = makeSurvey({});
  const asked = await Promise.all(Array.from({ length: appBounds.discoveriesMax + 1 }, () => survey.discover(onvif)));
  t.equal(asked.filter((one) => one.ok).length, appBounds.discoveriesMax);
  t.match(asked.at(-1), { ok: false, code: 'rate-limited' });
  t.match(await survey.discover(onvif), { ok: true }, 'and then again');
});
