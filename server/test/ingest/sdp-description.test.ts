// Session descriptions of cameras, and the track that is chosen from them.
import fc from 'fast-check';
import t from 'tap';
import { parseSdp } from '../../src/ingest/sdp-description.ts';
import { afterTranscoder, chooseVideoTrack, listOffers } from '../../src/ingest/video-track.ts';
import { SPROP } from './support/h264-samples.ts';
import { SDP } from './support/scripted-camera.ts';

t.test('reads media, formats, parameters and controls', async (t) => {
  const description = parseSdp(
    [
      'v=0',
      'a=control:rtsp://h/live/',
      'm=audio 0 RTP/AVP 0 8',
      'a=control:track2',
      'M=Video 0 rtp/avp 96 97',
      'a=rtpmap: 96 h264 / 90000',
      `A=FMTP:96 Packetization-Mode=1; sprop-parameter-sets=${SPROP};;flag`,
      'a=control: track1 ',
      'a=control:second-is-ignored',
      'm=image 0 RTP/AVP 26',
      'm=application 0 RTP/AVP 107',
      'a=rtpmap:107 vnd.onvif.metadata/90000',
      'x',
      '=',
    ].join('\n'),
  );
  t.equal(description.control, 'rtsp://h/live/');
  t.same(
    description.media.map((media) => [media.kind, media.control, media.formats.map((format) => format.codec)]),
    [
      ['audio', 'track2', ['PCMU', 'PCMA']],
      ['video', 'track1', ['H264']],
      ['image', null, ['JPEG']],
      ['application', null, ['VND.ONVIF.METADATA']],
    ],
  );
  const parameters = description.media[1]?.formats[0]?.parameters;
  t.equal(parameters?.get('packetization-mode'), '1');
  t.equal(parameters?.get('sprop-parameter-sets'), SPROP, 'with its = signs');
  t.equal(parameters?.get('flag'), '');
});

t.test('chooses the first H.264 track and knows its size', async (t) => {
  const track = chooseVideoTrack(parseSdp(SDP));
  t.match(track, { control: 'trackID=1', profile: 'RTP/AVP', payloadType: 96 });
  t.same(track.facts, {
    codec: 'H264',
    cameraCodec: 'H264',
    profileLevelId: '42c01f',
    widthPx: 1280,
    heightPx: 720,
    audio: null,
  });
  t.equal(track.parameterSets.length, 2);
  const bare = chooseVideoTrack(
    parseSdp('m=video 0 RTP/AVPF 100\na=rtpmap:100 H264/90000\na=fmtp:100 profile-level-id=4D001F'),
  );
  t.same(bare.facts, {
    codec: 'H264',
    cameraCodec: 'H264',
    profileLevelId: '4d001f',
    widthPx: null,
    heightPx: null,
    audio: null,
  });
  t.equal(bare.profile, 'RTP/AVPF');
  t.equal(bare.control, null);
  const second = parseSdp(`m=video 0 RTP/AVP 96\na=rtpmap:96 H265/90000\n${SDP.slice(SDP.indexOf('m=video'))}`);
  t.equal(chooseVideoTrack(second).control, 'trackID=1');
});

t.test('takes a track in another codec only where there is no H.264', async (t) => {
  const foreign = 'm=video 0 RTP/AVP 97\na=control:other\na=rtpmap:97 H265/90000\na=fmtp:97 sprop-vps=QAE=\n';
  const track = chooseVideoTrack(parseSdp(foreign));
  t.match(track, {
    control: 'other',
    payloadType: 97,
    foreign: { codec: 'H265', payloadType: 97, clockRateHz: 90_000 },
  });
  t.equal(track.foreign?.parameters.get('sprop-vps'), 'QAE=');
  t.equal(afterTranscoder(track).payloadType, 96);
  t.match(chooseVideoTrack(parseSdp('m=video 0 RTP/AVP 26')).foreign, { codec: 'JPEG', payloadType: 26 });
  t.equal(chooseVideoTrack(parseSdp(`${SDP}${foreign}`)).foreign, undefined);
  t.same(
    listOffers(parseSdp(foreign)).map((offer) => offer.playable),
    ['transcoded'],
  );
});

t.test('says what is offered when nothing can be played', async (t) => {
  const cases: [sdp: string, text: RegExp][] = [
    ['m=video 0 RTP/AVP 96\na=rtpmap:96 VP8/90000\nm=audio 0 RTP/AVP 0', /offers video VP8, audio PCMU; .*H\.264/],
    ['m=video 0 RTP/SAVP 26', /offers video JPEG/],
    ['m=video 0 RTP/SAVP 96\na=rtpmap:96 H264/90000', /offers video H264/],
    ['m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=2', /offers video H264/],
    ['', /offers nothing/],
  ];
  for (const [sdp, message] of cases) {
    t.throws(() => chooseVideoTrack(parseSdp(sdp)), { code: 'codec-unsupported', message }, sdp);
  }
  t.same(
    listOffers(parseSdp(`${SDP}m=audio 0 RTP/AVP 8\r\n`)).map((track) => [track.codec, track.playable, track.widthPx]),
    [
      ['H264', 'yes', 1280],
      ['PCMA', 'yes', null],
    ],
  );
});

t.test('any text gives a description within its bounds', async () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'm=video 0 RTP/AVP 96',
      'a=rtpmap:96 H264/90000',
      'a=fmtp:96 sprop-parameter-sets=!!!,Zw==',
      'm=',
      'a=fmtp:',
    ),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 100 }), (lines) => {
      const description = parseSdp(lines.join('\n'));
      listOffers(description);
      return description.media.length <= 32 && description.media.every((media) => media.formats.length <= 64);
    }),
  );
});
