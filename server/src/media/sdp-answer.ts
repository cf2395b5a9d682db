/*
 * Reads a viewer's SDP answer. Pure: text in, what mediasoup needs or a refusal out; never throws, whatever is sent.
 * Remote candidates are not read: the server is ICE-lite and learns the viewer's address from its checks.
 */
import { limits } from '@sallyport/protocol/limits';
import type { types } from 'mediasoup';
import * as sdpTransform from 'sdp-transform';
import { H264_PAYLOAD_TYPE } from './router-codecs.ts';
import { AUDIO_MID, VIDEO_MID } from './sdp-offer.ts';
import { readSecurity } from './sdp-security.ts';

export type ReadAnswer =
  | {
      readonly ok: true;
      readonly dtls: types.DtlsParameters;
      /** False when none was offered, or the viewer declined it. */
      readonly takesAudio: boolean;
    }
  /** What is wrong, in words a player's author can act on. */
  | { readonly ok: false; readonly refused: string };

type Section = sdpTransform.SessionDescription['media'][number];

/**
 * Parses the answer to one of our offers: a video section that takes our H.264, with DTLS and ICE parameters, and a
 * section for the sound if one was offered, under `audioPayloadType`; a viewer may decline it.
 */
export function parseAnswer(text: string, audioPayloadType: number | null = null): ReadAnswer {
  if (Buffer.byteLength(text) > limits.sdpBytesMax) return refuse(`longer than ${limits.sdpBytesMax} bytes`);
  try {
    return readAnswer(sdpTransform.parse(text), audioPayloadType);
  } catch {
    return refuse('not a session description');
  }
}

function readAnswer(session: sdpTransform.SessionDescription, audioPayloadType: number | null): ReadAnswer {
  if (session.version !== 0 || !session.origin) return refuse('not a session description');
  const [section, sound] = session.media;
  if (!section || session.media.length !== (audioPayloadType === null ? 1 : 2)) {
    return refuse('needs exactly the media sections of the offer');
  }
  const wrong = faultOfSection(section, session);
  if (wrong !== null) return refuse(wrong);
  if (!sound || audioPayloadType === null) return readDtls(session, section, false);
  if (sound.type !== 'audio') return refuse('the second media section must be audio');
  if (sound.mid !== undefined && String(sound.mid) !== AUDIO_MID) return refuse(`a=mid must be ${AUDIO_MID}`);
  return readDtls(session, section, takesSound(session, sound, audioPayloadType));
}

/** Anything but a plain yes declines: the picture is not lost over the sound. */
function takesSound(session: sdpTransform.SessionDescription, sound: Section, payloadType: number): boolean {
  const direction = sound.direction ?? session.direction ?? 'sendrecv';
  const isOpen = sound.port !== 0 || 'bundleOnly' in sound;
  return isOpen && ['recvonly', 'sendrecv'].includes(direction) && payloadsOf(sound).includes(String(payloadType));
}

/** G.711 may stand without an a=rtpmap (RFC 3551, 6). */
const payloadsOf = ({ payloads }: Section): readonly string[] => String(payloads ?? '').split(' ');

function faultOfSection(section: Section, session: sdpTransform.SessionDescription): string | null {
  if (section.type !== 'video') return 'the first media section must be video';
  // Port 0 with a=bundle-only (RFC 8843, 6) is not a rejection.
  if (section.port === 0 && !('bundleOnly' in section)) return 'the player rejected the video section (no H.264?)';
  if (section.mid !== undefined && String(section.mid) !== VIDEO_MID) return `a=mid must be ${VIDEO_MID}`;
  const direction = section.direction ?? session.direction ?? 'sendrecv';
  if (direction !== 'recvonly' && direction !== 'sendrecv') return `a=${direction} does not take the picture`;
  if (!section.rtcpMux) return 'a=rtcp-mux is missing';
  const taken = section.rtp.some(
    (codec) => codec.payload === H264_PAYLOAD_TYPE && codec.codec.toUpperCase() === 'H264' && codec.rate === 90_000,
  );
  return taken ? null : `the player does not take H264 at payload type ${H264_PAYLOAD_TYPE}`;
}

function readDtls(session: sdpTransform.SessionDescription, section: Section, takesAudio: boolean): ReadAnswer {
  const security = readSecurity(session, section);
  if (!security.ok) return security;
  const role = toRemoteRole(security.setup);
  if (role === null) return refuse('a=setup must be active or passive in an answer');
  return { ok: true, dtls: { role, fingerprints: [security.fingerprint] }, takesAudio };
}

/** RFC 5763, 5: the active side opens the DTLS handshake as its client. */
function toRemoteRole(setup: string | undefined): types.DtlsRole | null {
  if (setup === 'active') return 'client';
  if (setup === 'passive') return 'server';
  return null;
}

function refuse(refused: string): ReadAnswer {
  return { ok: false, refused };
}
