/*
 * Where a valve consumes for one viewer, and under which numbers: the feed's own router, or one under a player's payload
 * types. Finds and prepares; lets nothing through. Called by valve.ts alone.
 */
import type { types } from 'mediasoup';
import type { Clock } from '../app/ports/clock.ts';
import type { MediaFeed } from './feed.ts';
import { mediaLimits } from './limits.ts';
import type { Tap } from './payload-routers.ts';
import { audioCodecOf, buildAudioCodec, buildVideoCodec } from './router-codecs.ts';
import { AUDIO_MID, VIDEO_MID } from './sdp-offer.ts';
import { type PlayerOffer, type PlayerSound, parsePlayerOffer } from './sdp-player-offer.ts';
import { acquireWithin } from './within.ts';

export type Place = Tap & {
  /** The offer that is answered; null where we offer. */
  readonly player: PlayerOffer | null;
  readonly sound: PlayerSound | null;
};

type Wish = {
  readonly feed: MediaFeed;
  /** What may be heard; null for the picture alone. */
  readonly audio: types.Producer | null;
  readonly playerOffer: string | null;
};

/** Where this viewer is served: under a player's own payload types, or else under ours. Does not reject. */
export async function findPlace({ feed, audio, playerOffer }: Wish): Promise<Place> {
  const own = { router: feed.router, producerId: feed.producer.id, audioProducerId: audio?.id ?? null };
  const read = playerOffer === null ? null : parsePlayerOffer(playerOffer);
  if (!read?.ok) return { ...own, player: null, sound: null };
  const codec = audio && audioCodecOf(audio);
  const sound = read.offer.sounds.find((one) => one.codec === codec) ?? null;
  const tap = await feed.payloadRouters.tap(read.offer.payloadTypes, sound, audio);
  return tap === null ? { ...own, player: null, sound: null } : { ...tap, player: read.offer, sound };
}

/** A transport on the worker's one port. */
export function makeTransport(feed: MediaFeed, clock: Clock, { router }: Place): Promise<types.WebRtcTransport> {
  const making = router.createWebRtcTransport({
    webRtcServer: feed.worker.webRtcServer,
    enableUdp: true,
    enableTcp: true,
    preferUdp: true,
    iceConsentTimeout: mediaLimits.iceConsentS,
    initialAvailableOutgoingBitrate: mediaLimits.initialOutgoingBitsPerSecond,
  });
  return acquireWithin(clock, mediaLimits.requestMs, 'making a transport', making, (late) => late.close());
}

/** Takes the DTLS of a player whose offer is answered. */
export function connect(clock: Clock, transport: types.WebRtcTransport, { dtls }: PlayerOffer): Promise<void> {
  const connecting = transport.connect({ dtlsParameters: dtls });
  return acquireWithin(clock, mediaLimits.requestMs, 'connecting a transport', connecting, () => undefined);
}

/** The sections' identifications: a player's own where its offer is answered. */
export function midOf(kind: types.MediaKind, { player }: Place): string {
  if (player === null) return kind === 'video' ? VIDEO_MID : AUDIO_MID;
  const at = kind === 'video' ? player.videoAt : (player.audioAt ?? -1);
  return player.sections[at]?.mid ?? VIDEO_MID;
}

/**
 * What the viewer takes. Of a player RTX only where the router has it at the player's number; no header extension, since
 * their numbers are the player's.
 */
export function toCapabilities({ player, router, sound }: Place): types.RtpCapabilities {
  if (player === null) return router.rtpCapabilities;
  const { h264, rtx } = player.payloadTypes;
  const resends = (router.rtpCapabilities.codecs ?? []).filter(
    (codec) => codec.preferredPayloadType === rtx && codec.parameters?.['apt'] === h264,
  );
  const video = { ...buildVideoCodec(h264), preferredPayloadType: h264, rtcpFeedback: [...player.feedback] };
  const audio =
    sound === null
      ? []
      : [{ ...buildAudioCodec(sound.codec, sound.payloadType), preferredPayloadType: sound.payloadType }];
  return { codecs: [video, ...resends, ...audio], headerExtensions: [] };
}
