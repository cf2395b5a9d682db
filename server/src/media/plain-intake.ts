/*
 * One RTP stream's way into the worker: a plain transport on loopback, its producer for life, and the sink that fills
 * it. A feed has one for the picture and, while somebody may hear it, one for the sound. Opened by feed.ts.
 */
import { randomInt } from 'node:crypto';
import type { types } from 'mediasoup';
import type { AudioCodec } from '../app/ports/feed-sink.ts';
import { mediaLimits } from './limits.ts';
import {
  audioCodecs,
  buildAudioProducerParameters,
  buildProducerParameters,
  CAPTURE_TIME,
  H264_PAYLOAD_TYPE,
} from './router-codecs.ts';
import { type SinkMarks, UdpSink } from './udp-sink.ts';

const LOOPBACK = '127.0.0.1';

export type PlainIntake = {
  readonly transport: types.PlainTransport;
  readonly producer: types.Producer;
  readonly sink: UdpSink;
};

/** The way in for the picture; leaves nothing behind when it fails. Unbounded in time: the caller bounds it. */
export function openVideoIntake(router: types.Router, keyFrameRequestDelayMs: number): Promise<PlainIntake> {
  const ssrc = newSsrc();
  const rtpParameters = buildProducerParameters(ssrc);
  const options = { kind: 'video', rtpParameters, keyFrameRequestDelay: keyFrameRequestDelayMs } as const;
  return open(router, options, { ssrc, payloadType: H264_PAYLOAD_TYPE, captureTimeId: CAPTURE_TIME.id });
}

/** The way in for the sound; as above. */
export function openAudioIntake(router: types.Router, codec: AudioCodec): Promise<PlainIntake> {
  const ssrc = newSsrc();
  const options = { kind: 'audio', rtpParameters: buildAudioProducerParameters(codec, ssrc) } as const;
  return open(router, options, { ssrc, payloadType: audioCodecs[codec].payloadType, captureTimeId: null });
}

const newSsrc = (): number => randomInt(1, 0xffff_ffff);

async function open(router: types.Router, options: types.ProducerOptions, marks: SinkMarks): Promise<PlainIntake> {
  const transport = await router.createPlainTransport({
    listenInfo: { protocol: 'udp', ip: LOOPBACK, recvBufferSize: mediaLimits.sinkReceiveBytes },
    rtcpMux: true,
    comedia: false,
  });
  let sink: UdpSink | null = null;
  try {
    sink = await UdpSink.open(marks, transport.tuple.localPort);
    await transport.connect({ ip: LOOPBACK, port: sink.localPort });
    return { transport, producer: await transport.produce(options), sink };
  } catch (error) {
    sink?.close();
    transport.close();
    throw error;
  }
}

/** Closes it for good; consumers of the producer close with it. */
export function closeIntake({ transport, sink }: PlainIntake): void {
  sink.close();
  transport.close();
}
