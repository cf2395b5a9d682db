/* Which sound of a camera is pulled, and as what it leaves. */
import t from 'tap';
import { afterSoundTranscoder, chooseAudioTrack } from '../../src/ingest/audio-track.ts';
import { parseSdp } from '../../src/ingest/sdp-description.ts';
import { listOffers } from '../../src/ingest/video-track.ts';
import { SDP } from './support/scripted-camera.ts';

const aac =
  'm=audio 0 RTP/AVP 97\na=rtpmap:97 MPEG4-GENERIC/16000/2\na=fmtp:97 mode=AAC-hbr;config=1410\na=control:aac\n';
const pcmu = 'm=audio 0 RTP/AVP 0\na=control:pcmu\n';
const opus = 'm=audio 0 RTP/AVPF 111\na=rtpmap:111 opus/48000/2\na=control:opus\n';

t.test('passes G.711 and Opus, transcodes AAC, and leaves the rest', async (t) => {
  const rows: readonly (readonly [name: string, sdp: string, expected: object | null])[] = [
    ['PCMU by its number', pcmu, { codec: 'PCMU', payloadType: 0, clockRateHz: 8_000, foreign: null, control: 'pcmu' }],
    ['PCMA by name', 'm=audio 0 RTP/AVP 100\na=rtpmap:100 PCMA/8000\n', { codec: 'PCMA', payloadType: 100 }],
    ['Opus', opus, { codec: 'OPUS', profile: 'RTP/AVPF', name: 'OPUS', foreign: null }],
    ['AAC', aac, { codec: 'OPUS', name: 'MPEG4-GENERIC', clockRateHz: 16_000, foreign: { channels: 2 } }],
    ['LATM', 'm=audio 0 RTP/AVP 96\na=rtpmap:96 MP4A-LATM/44100\n', { foreign: { codec: 'MP4A-LATM', channels: 1 } }],
    ['what passes before what costs', `${aac}${pcmu}`, { codec: 'PCMU' }],
    ['the second format of a section', 'm=audio 0 RTP/AVP 100 8\na=rtpmap:100 G726-32/8000\n', { codec: 'PCMA' }],
    ['G.711 with two channels', 'm=audio 0 RTP/AVP 100\na=rtpmap:100 PCMU/8000/2\n', null],
    ['G.711 at 16 kHz', 'm=audio 0 RTP/AVP 100\na=rtpmap:100 PCMU/16000\n', null],
    ['Opus at another rate', 'm=audio 0 RTP/AVP 100\na=rtpmap:100 opus/16000/2\n', null],
    ['encrypted', pcmu.replace('RTP/AVP', 'RTP/SAVP'), null],
    ['a picture that calls itself sound', 'm=video 0 RTP/AVP 0\n', null],
    ['another codec', 'm=audio 0 RTP/AVP 100\na=rtpmap:100 G726-32/8000\n', null],
    ['nothing', '', null],
  ];
  for (const [name, sdp, expected] of rows) {
    const track = chooseAudioTrack(parseSdp(sdp));
    if (expected === null) t.equal(track, null, name);
    else t.match(track, expected, name);
  }
});

t.test('after its transcoder it is Opus at 48 kHz under our own number', async (t) => {
  const track = chooseAudioTrack(parseSdp(aac));
  t.match(track && afterSoundTranscoder(track), { codec: 'OPUS', payloadType: 96, clockRateHz: 48_000 });
});

t.test('enrolment tells how the sound is carried', async (t) => {
  const offers = listOffers(parseSdp(`${SDP}${aac}${pcmu}m=audio 0 RTP/AVP 3\na=rtpmap:3 GSM/8000\n`));
  t.same(
    offers.map(({ kind, codec, playable }) => `${kind} ${codec} ${playable}`),
    ['video H264 yes', 'audio MPEG4-GENERIC transcoded', 'audio PCMU yes', 'audio GSM no'],
  );
});
