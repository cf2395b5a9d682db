/*
 * A peer connection in a real browser page, driven from the test: takes an offer, gives the answer, counts what arrives.
 * Written against the browser alone, without the SDK, as a stranger's player would be.
 */
import type { Page } from 'playwright-core';

export type Arrived = {
  /** Of the picture, like all that follows. */
  readonly packets: number;
  readonly framesDecoded: number;
  readonly width: number;
  readonly height: number;
  readonly dtls: string;
  /** Wall clock of the browser; 0 before the first packet. */
  readonly lastPacketAtMs: number;
};

declare global {
  var peers: Map<string, RTCPeerConnection>;
}

/**
 * Takes the server's offer in the page and answers the page's answer. `peer` names the connection for later calls;
 * `configuration` is the browser's own.
 */
export async function answerOffer(
  page: Page,
  peer: string,
  offer: string,
  configuration: RTCConfiguration = {},
): Promise<string> {
  return page.evaluate(
    async ([name, sdp, rtc]) => {
      globalThis.peers ??= new Map();
      const connection = new RTCPeerConnection(rtc);
      globalThis.peers.set(name, connection);
      connection.ontrack = ({ track }) => {
        const video = document.createElement('video');
        // Only what plays aloud is counted as heard.
        video.muted = track.kind === 'video';
        video.srcObject = new MediaStream([track]);
        document.body.append(video);
        void video.play();
      };
      await connection.setRemoteDescription({ type: 'offer', sdp });
      const answer = await connection.createAnswer();
      await connection.setLocalDescription(answer);
      return answer.sdp ?? '';
    },
    [peer, offer, configuration] as const,
  );
}

/** What a plain page offers to watch one camera with, in its own words; `peer` names the connection. */
export const makeOffer = (page: Page, peer: string): Promise<string> =>
  page.evaluate(async (name) => {
    globalThis.peers ??= new Map();
    const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    globalThis.peers.set(name, connection);
    connection.addTransceiver('audio', { direction: 'recvonly' });
    connection.addTransceiver('video', { direction: 'recvonly' });
    connection.ontrack = ({ track }) => {
      const video = document.createElement('video');
      // Only what plays aloud is counted as heard.
      video.muted = track.kind === 'video';
      video.srcObject = new MediaStream([track]);
      document.body.append(video);
      void video.play();
    };
    await connection.setLocalDescription();
    return connection.localDescription?.sdp ?? '';
  }, peer);

export const takeAnswer = (page: Page, peer: string, sdp: string): Promise<void> =>
  page.evaluate(
    async ([name, answer]) => globalThis.peers.get(name)?.setRemoteDescription({ type: 'answer', sdp: answer }),
    [peer, sdp] as const,
  );

/** Hangs up and takes the video elements of the page away. */
export async function forgetPeer(page: Page, peer: string): Promise<void> {
  await page.evaluate((name) => {
    globalThis.peers.get(name)?.close();
    globalThis.peers.delete(name);
    for (const video of document.querySelectorAll('video')) {
      video.srcObject = null;
      video.remove();
    }
  }, peer);
}

/** What has arrived so far. */
export async function countArrived(page: Page, peer: string): Promise<Arrived> {
  return page.evaluate(async (name) => {
    const connection = globalThis.peers.get(name);
    const arrived = { packets: 0, framesDecoded: 0, width: 0, height: 0, dtls: 'none', lastPacketAtMs: 0 };
    if (!connection) return arrived;
    arrived.dtls = connection.getReceivers()[0]?.transport?.state ?? 'none';
    for (const row of (await connection.getStats()).values()) {
      if (row.type !== 'inbound-rtp' || row.kind !== 'video') continue;
      arrived.packets = row.packetsReceived;
      arrived.framesDecoded = row.framesDecoded;
      arrived.lastPacketAtMs = row.lastPacketReceivedTimestamp ?? 0;
      arrived.width = row.frameWidth ?? 0;
      arrived.height = row.frameHeight ?? 0;
    }
    return arrived;
  }, peer);
}

export type Heard = { readonly packets: number; readonly energy: number; readonly codec: string };

/** What sound has arrived so far; nothing and an empty codec where there is no receiver for it. */
export async function countHeard(page: Page, peer: string): Promise<Heard> {
  return page.evaluate(async (name) => {
    const rows = [...((await globalThis.peers.get(name)?.getStats()) ?? new Map()).values()];
    const sound = rows.find((row) => row.type === 'inbound-rtp' && row.kind === 'audio');
    const codec = rows.find((row) => row.id === sound?.codecId)?.mimeType ?? '';
    return { packets: sound?.packetsReceived ?? 0, energy: sound?.totalAudioEnergy ?? 0, codec };
  }, peer);
}

/** Waits until something was heard; rejects after 30 s. */
export async function untilHeard(page: Page, peer: string): Promise<Heard> {
  const deadlineMs = Date.now() + 30_000;
  for (;;) {
    const heard = await countHeard(page, peer);
    if (heard.energy > 0) return heard;
    if (Date.now() > deadlineMs) throw new Error(`only ${JSON.stringify(heard)} after 30 s`);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
}

/** Waits until so many frames were decoded; rejects after 30 s. */
export async function untilDecoded(page: Page, peer: string, frames: number): Promise<Arrived> {
  const deadlineMs = Date.now() + 30_000;
  for (;;) {
    const arrived = await countArrived(page, peer);
    if (arrived.framesDecoded >= frames) return arrived;
    if (Date.now() > deadlineMs) throw new Error(`only ${JSON.stringify(arrived)} after 30 s`);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
}

/**
 * Waits until the page's count stands still for a second, then answers it: what was on its way or in the browser's own
 * queues when the cut came has arrived by then.
 */
export async function settleArrived(page: Page, peer: string): Promise<Arrived> {
  for (let tries = 0; tries < 10; tries += 1) {
    const before = await countArrived(page, peer);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1_000)));
    const after = await countArrived(page, peer);
    if (after.packets === before.packets) return after;
  }
  throw new Error('packets keep arriving');
}

export type Road = {
  /** Of the server's candidate: how the media travels, and where to. */
  readonly protocol: string;
  readonly address: string;
  /** Of the browser's own candidate: `host`, `prflx`, `relay`; and how it speaks to its relay. */
  readonly localType: string;
  readonly relayProtocol: string;
};

/** The candidate pair in use; null before there is one. */
export async function readRoad(page: Page, peer: string): Promise<Road | null> {
  return page.evaluate(async (name) => {
    const stats = await globalThis.peers.get(name)?.getStats();
    if (!stats) return null;
    const rows = [...stats.values()];
    const transport = rows.find((row) => row.type === 'transport');
    const pair = rows.find((row) => row.id === transport?.selectedCandidatePairId);
    const remote = rows.find((row) => row.id === pair?.remoteCandidateId);
    const local = rows.find((row) => row.id === pair?.localCandidateId);
    if (!remote || !local) return null;
    const { protocol, address } = remote;
    return { protocol, address, localType: local.candidateType, relayProtocol: local.relayProtocol ?? '' };
  }, peer);
}

export type Gathered = {
  readonly relays: number;
  /** Codes of the errors TURN servers answered (RFC 8489, 14.8). */
  readonly errors: readonly number[];
};

/** Asks these ICE servers for relay addresses, as a connection that may use nothing else would. */
export async function gatherRelays(page: Page, iceServers: readonly RTCIceServer[]): Promise<Gathered> {
  return page.evaluate(async (servers) => {
    const connection = new RTCPeerConnection({ iceServers: [...servers], iceTransportPolicy: 'relay' });
    const gathered: { relays: number; errors: number[] } = { relays: 0, errors: [] };
    connection.addEventListener('icecandidateerror', ({ errorCode }) => gathered.errors.push(errorCode));
    const over = new Promise<void>((resolve) => {
      connection.addEventListener('icecandidate', ({ candidate }) => {
        if (candidate === null) resolve();
        else if (candidate.type === 'relay') gathered.relays += 1;
      });
    });
    connection.createDataChannel('none');
    await connection.setLocalDescription();
    await over;
    connection.close();
    return gathered;
  }, iceServers);
}

export type Picture = {
  readonly framesDecoded: number;
  readonly keyFramesDecoded: number;
  readonly framesDropped: number;
  readonly freezes: number;
  readonly frozenS: number;
  readonly packets: number;
  /** Not repaired. */
  readonly packetsLost: number;
  readonly packetsDiscarded: number;
  readonly packetsRepaired: number;
  readonly nacks: number;
  readonly plis: number;
  readonly roundTripMs: number;
  /** Sums since the start: their quotient is the mean time a frame waited. */
  readonly bufferedS: number;
  readonly framesEmitted: number;
};

/** How good the picture has been so far, by the browser's own account; null before there is one. */
export async function readPicture(page: Page, peer: string): Promise<Picture | null> {
  return page.evaluate(async (name) => {
    const stats = await globalThis.peers.get(name)?.getStats();
    const rows = [...(stats?.values() ?? [])];
    const row = rows.find((one) => one.type === 'inbound-rtp');
    if (!row) return null;
    const pair = rows.find((one) => one.type === 'candidate-pair' && one.nominated);
    return {
      framesDecoded: row.framesDecoded,
      keyFramesDecoded: row.keyFramesDecoded,
      framesDropped: row.framesDropped,
      freezes: row.freezeCount,
      frozenS: row.totalFreezesDuration,
      packets: row.packetsReceived,
      packetsLost: row.packetsLost,
      packetsDiscarded: row.packetsDiscarded ?? 0,
      packetsRepaired: row.retransmittedPacketsReceived ?? 0,
      nacks: row.nackCount,
      plis: row.pliCount,
      roundTripMs: 1_000 * (pair?.currentRoundTripTime ?? 0),
      bufferedS: row.jitterBufferDelay,
      framesEmitted: row.jitterBufferEmittedCount,
    };
  }, peer);
}
