/*
 * Offers in the shape of the players there are: what stands where, and under which numbers. Credentials are made up.
 */
const ICE = 'a=ice-ufrag:pQ4r\na=ice-pwd:S3cRetPassW0rdOf24Charsxx\n';
const PRINT = `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}\n`;
const head = (mids: string, more = ''): string =>
  `v=0\no=- 4611731400430051336 2 IN IP4 127.0.0.1\ns=-\nt=0 0\na=group:BUNDLE ${mids}\n${more}`;
const h264 = (pt: number, rtx: number | null, profile = '42e01f'): string =>
  [
    `a=rtpmap:${pt} H264/90000\na=rtcp-fb:${pt} nack\na=rtcp-fb:${pt} nack pli\na=rtcp-fb:${pt} transport-cc\n`,
    `a=fmtp:${pt} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=${profile}\n`,
    rtx === null ? '' : `a=rtpmap:${rtx} rtx/90000\na=fmtp:${rtx} apt=${pt}\n`,
  ].join('');
const toCrLf = (text: string): string => text.replaceAll('\n', '\r\n');

export const offers = {
  chromium: toCrLf(
    `${head('0 1')}m=audio 9 UDP/TLS/RTP/SAVPF 111\nc=IN IP4 0.0.0.0\n${ICE}${PRINT}a=setup:actpass\na=mid:0\n` +
      `a=recvonly\na=rtcp-mux\na=rtpmap:111 opus/48000/2\nm=video 9 UDP/TLS/RTP/SAVPF 96 103 104 109 114\n` +
      `c=IN IP4 0.0.0.0\n${ICE}${PRINT}a=setup:actpass\na=mid:1\na=recvonly\na=rtcp-mux\na=rtpmap:96 VP8/90000\n` +
      `${h264(103, 104, '42001f')}${h264(109, 114)}`,
  ),
  firefoxBundleOnly: toCrLf(
    `${head('0 1', `${PRINT}a=ice-options:trickle\n`)}m=audio 9 UDP/TLS/RTP/SAVPF 109\nc=IN IP4 0.0.0.0\n${ICE}` +
      `a=setup:actpass\na=mid:0\na=recvonly\na=rtcp-mux\na=rtpmap:109 opus/48000/2\n` +
      `m=video 0 UDP/TLS/RTP/SAVPF 126 127\nc=IN IP4 0.0.0.0\n${ICE}a=setup:actpass\na=bundle-only\na=mid:1\n` +
      `a=recvonly\na=rtcp-mux\n${h264(126, 127)}`,
  ),
  ffmpegPassive: toCrLf(
    `${head('1')}m=video 9 UDP/TLS/RTP/SAVPF 106 105\nc=IN IP4 0.0.0.0\n${ICE}${PRINT}a=setup:passive\na=mid:1\n` +
      `a=recvonly\na=rtcp-mux\n${h264(106, 105, '640028')}`,
  ),
  sessionLevel: toCrLf(
    `${head('video', `a=setup:actpass\n${ICE}${PRINT}`)}m=video 9 UDP/TLS/RTP/SAVPF 96\nc=IN IP4 0.0.0.0\na=mid:video\n` +
      `a=recvonly\na=rtcp-mux\n${h264(96, null)}`,
  ),
  gstreamer: toCrLf(
    `${head('video0')}m=video 9 UDP/TLS/RTP/SAVPF 101\nc=IN IP4 0.0.0.0\na=setup:actpass\n${ICE}${PRINT}a=mid:video0\n` +
      `a=recvonly\na=rtcp-mux\na=rtpmap:101 H264/90000\na=fmtp:101 packetization-mode=1\n`,
  ),
} as const;
