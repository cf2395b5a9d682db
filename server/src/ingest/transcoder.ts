/*
 * One camera's transcoder while it is pulled: the camera's RTP goes to ffmpeg over loopback, ffmpeg's H.264 comes back, or its
 * Opus.
 * ffmpeg never learns the camera's address or credentials. Opened by the source for one connection, and closed with it.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Clock } from '../app/ports/clock.ts';
import type { Randomness } from '../app/ports/randomness.ts';
import { startsH265Entry } from './h265-payload.ts';
import { IngestFault, toIngestFault } from './ingest-fault.ts';
import { limits } from './limits.ts';
import { type Cost, ProcessCost } from './process-cost.ts';
import { parseRtpPacket } from './rtp-packet.ts';
import {
  buildTranscoderSdp,
  type ForeignTrack,
  inputArguments,
  outputArguments,
  outputUrl,
} from './transcode-arguments.ts';
import { hasFfmpeg, readFfmpegVersion, runTranscode, type TranscodeRun } from './transcode-command.ts';
import type { TranscoderSlots } from './transcoder-slots.ts';
import { bindSocket, bindSocketPair } from './udp-sockets.ts';
import type { TrackOutlet } from './udp-track.ts';
import { delay, STOPPED_TEXT } from './within.ts';

export type TranscoderSurroundings = {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly slots: TranscoderSlots;
};
type Sockets = { readonly input: Socket; readonly output: Socket };

const LOOPBACK = '127.0.0.1';
/** Below what the system hands out by itself, so that nothing else takes it between the look and ffmpeg's own bind. */
const PORTS = { from: 24_000, to: 31_999 };
/** RFC 3550, 6.4.2: an empty receiver report, which ffmpeg reads and passes over. */
const EMPTY_REPORT = Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 0);

export class Transcoder {
  readonly #clock: Clock;
  readonly #run: TranscodeRun;
  readonly #sockets: Sockets;
  readonly #payloadType: number;
  readonly #giveBack: () => void;
  #cost: ProcessCost | null = null;
  /** Where no picture can be begun in the middle, the next key picture is waited for. */
  #begins: 'here' | 'at-key-picture';
  #life: 'open' | 'closed' = 'open';
  #closing: Promise<void> | null = null;

  private constructor(clock: Clock, run: TranscodeRun, sockets: Sockets, track: ForeignTrack, giveBack: () => void) {
    this.#clock = clock;
    this.#run = run;
    this.#sockets = sockets;
    this.#payloadType = track.payloadType;
    this.#begins = track.codec === 'H265' ? 'at-key-picture' : 'here';
    this.#giveBack = giveBack;
  }

  /**
   * Starts ffmpeg and resolves when it listens. The outlet gets what comes back, RTCP too. Throws IngestFault
   * (`transcoders-busy`, `transcoder-failed`, `codec-unsupported` without ffmpeg, `stopped`); nothing is left running then.
   */
  static async open(
    track: ForeignTrack,
    { clock, randomness, slots }: TranscoderSurroundings,
    signal: AbortSignal,
    { onRtp, onRtcp }: TrackOutlet,
  ): Promise<Transcoder> {
    if (!hasFfmpeg())
      throw new IngestFault('codec-unsupported', `The camera sends ${track.codec}, which needs ffmpeg; install it.`);
    const giveBack = slots.take();
    let transcoder: Transcoder | null = null;
    try {
      const version = await readFfmpegVersion();
      // Positive, since ffmpeg reads it as a signed number.
      const ssrc = (Buffer.from(randomness.bytes(4)).readUInt32BE() & 0x7fff_fffe) + 1;
      const port = await findPortPair(randomness);
      const output = await bindSocket(LOOPBACK, 0);
      output.on('message', (packet, from) => {
        if (from.address !== LOOPBACK) return;
        if (parseRtpPacket(packet)?.ssrc === ssrc) onRtp(packet);
        // Reports come to the same port, before the first packet.
        else if (readSender(packet) === ssrc) onRtcp(packet);
      });
      const input = await connectSocket(port);
      const run = runTranscode({
        sdp: buildTranscoderSdp(track, port),
        input: inputArguments(track.codec),
        output: outputArguments(track.codec, version, ssrc),
        target: outputUrl(output.address().port),
      });
      transcoder = new Transcoder(clock, run, { input, output }, track, giveBack);
      await transcoder.#untilListening(port + 1, signal);
      if (run.pid !== null) transcoder.#cost = new ProcessCost(clock, run.pid);
      return transcoder;
    } catch (thrown) {
      await transcoder?.close();
      giveBack();
      throw toIngestFault(thrown, 'transcoder-failed', 'The transcoder could not be started.');
    }
  }

  /** Resolves with the reason when ffmpeg is gone; never rejects. */
  get ended(): Promise<IngestFault> {
    return this.#run.ended.then((words) => new IngestFault('transcoder-failed', `The transcoder ended: ${words}`));
  }

  /** What ffmpeg costs; null when that cannot be told. */
  cost(): Cost | null {
    return this.#life === 'open' ? (this.#cost?.read() ?? null) : null;
  }

  /**
   * Hands one packet of the camera on; other payload types and what ffmpeg is too slow for are left out. `waits` while
   * the camera's pictures come and no decoder could begin with them: nothing can be expected of ffmpeg then.
   */
  feed(packet: Uint8Array): 'taken' | 'waits' {
    if (this.#life === 'closed' || ((packet[1] ?? 0) & 127) !== this.#payloadType) return 'taken';
    if (this.#begins === 'at-key-picture') {
      if (!startsH265Entry(parseRtpPacket(packet)?.payload ?? new Uint8Array())) return 'waits';
      this.#begins = 'here';
    }
    this.#send(packet);
    return 'taken';
  }

  #send(packet: Uint8Array): void {
    if (this.#sockets.input.getSendQueueSize() > limits.transcoderQueueBytesMax) return;
    this.#sockets.input.send(packet);
  }

  /** Ends ffmpeg, politely and then not. Nothing comes after the call; resolves when it is gone. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    this.#life = 'closed';
    this.#cost?.stop();
    this.#sockets.output.removeAllListeners('message');
    this.#run.kill('SIGTERM');
    const hard = this.#clock.after(limits.transcoderKillAfterMs, () => this.#run.kill('SIGKILL'));
    await this.#run.ended;
    hard.cancel();
    this.#sockets.input.close();
    this.#sockets.output.close();
    this.#giveBack();
  }

  /** Asks the RTCP port, which ffmpeg binds last, until nothing refuses: packets sent before that would be lost. */
  async #untilListening(port: number, signal: AbortSignal): Promise<void> {
    const probe = await connectSocket(port);
    let refusals = 0;
    let gone: IngestFault | null = null;
    probe.on('error', () => {
      refusals += 1;
    });
    void this.ended.then((fault) => {
      gone = fault;
    });
    const giveUpAtMs = this.#clock.monotonicMs() + limits.transcoderStartWithinMs;
    try {
      for (;;) {
        const before = refusals;
        probe.send(EMPTY_REPORT);
        await delay(this.#clock, limits.transcoderAskEveryMs, signal);
        if (signal.aborted) throw new IngestFault('stopped', STOPPED_TEXT);
        if (gone) throw gone;
        if (refusals === before) return;
        if (this.#clock.monotonicMs() > giveUpAtMs)
          throw new IngestFault('transcoder-failed', 'The transcoder did not start in time.');
      }
    } finally {
      probe.close();
    }
  }
}

/** Whose RTCP this is (RFC 3550, 6.4.1); null when it is too short to say. */
const readSender = (packet: Buffer): number | null => (packet.length >= 8 ? packet.readUInt32BE(4) : null);

/** A free even port with the one above it free too; ffmpeg binds both. */
async function findPortPair(randomness: Randomness): Promise<number> {
  const pair = await bindSocketPair(LOOPBACK, PORTS, randomness);
  if (pair === null) throw new IngestFault('transcoder-failed', 'There is no free port for the transcoder.');
  const { port } = pair.rtp.address();
  pair.rtp.close();
  pair.rtcp.close();
  return port;
}

/** A refusal means ffmpeg does not listen (yet, or any more), which is noticed elsewhere. */
async function connectSocket(port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  socket.connect(port, LOOPBACK);
  await once(socket, 'connect');
  socket.setSendBufferSize(limits.transcoderQueueBytesMax);
  return socket;
}
