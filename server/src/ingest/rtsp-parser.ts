/*
 * Cuts the bytes of an RTSP connection into messages and interleaved frames, however they were split on the way.
 * No I/O. Bounded: heads, bodies and garbage each have a limit; beyond it the parser is broken for good.
 * After garbage it only trusts a frame on a low channel or the word `RTSP/`, so that it falls into step again.
 */
import { limits } from './limits.ts';
import { parseHead, type RtspItem } from './rtsp-message.ts';

const DOLLAR = 0x24;
const RTSP_WORD = Buffer.from('RTSP/', 'latin1');
/** Channels believed while out of step; random bytes pass one time in sixteen less often than with all 256. */
const RESYNC_CHANNEL_MAX = 15;

type Step = { readonly next: number; readonly item: RtspItem | null };

export class RtspParser {
  #rest: Buffer = Buffer.alloc(0);
  #garbageBytes = 0;
  #inStep: 'in-step' | 'lost' = 'in-step';
  #broken: string | null = null;

  /** Why nothing more will come out; null while all is well. */
  get broken(): string | null {
    return this.#broken;
  }

  /** Takes the next bytes and gives what is complete, in order. Frames are views of the bytes given. Never throws. */
  push(chunk: Buffer): readonly RtspItem[] {
    const items: RtspItem[] = [];
    if (this.#broken !== null) return items;
    const buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (at < buffer.length && this.#broken === null) {
      const step = this.#inStep === 'lost' ? this.#resync(buffer, at) : this.#step(buffer, at);
      if (!step) break;
      if (step.item) items.push(step.item);
      at = step.next;
    }
    // A copy: a view would keep every chunk alive that ever ended in the middle of something.
    this.#rest = this.#broken === null ? Buffer.from(buffer.subarray(at)) : Buffer.alloc(0);
    return items;
  }

  /** One step forward; null when more bytes are needed. */
  #step(buffer: Buffer, at: number): Step | null {
    const byte = buffer[at] ?? 0;
    if (byte === DOLLAR) return this.#frame(buffer, at);
    if (byte === 0x0d || byte === 0x0a || byte === 0x20) return { next: at + 1, item: null };
    for (let i = at; i < Math.min(at + 3, buffer.length); i += 1) if (!isLetter(buffer[i] ?? 0)) return this.#lose(at);
    return this.#message(buffer, at);
  }

  #frame(buffer: Buffer, at: number): Step | null {
    if (at + 4 > buffer.length) return null;
    const end = at + 4 + buffer.readUInt16BE(at + 2);
    if (end > buffer.length) return null;
    this.#garbageBytes = 0;
    return { next: end, item: { kind: 'frame', channel: buffer[at + 1] ?? 0, payload: buffer.subarray(at + 4, end) } };
  }

  #message(buffer: Buffer, at: number): Step | null {
    const end = findHeadEnd(buffer, at);
    // Two bytes more than the longest head: the empty line's own end may still be on its way.
    if (end === null) return buffer.length - at > limits.headBytesMax + 2 ? this.#lose(at) : null;
    const head = parseHead(buffer.toString('latin1', at, end.text));
    if (!head) return this.#lose(at);
    const { bodyBytes, ...message } = head;
    if (bodyBytes > limits.bodyBytesMax) return this.#break(`a message of ${bodyBytes} bytes`);
    const next = end.body + bodyBytes;
    if (next > buffer.length) return null;
    this.#garbageBytes = 0;
    return { next, item: { ...message, body: Buffer.from(buffer.subarray(end.body, next)) } };
  }

  #lose(at: number): Step | null {
    this.#inStep = 'lost';
    return this.#skip(at, at + 1);
  }

  #resync(buffer: Buffer, at: number): Step | null {
    let i = at;
    for (; i < buffer.length; i += 1) {
      const match = matchStart(buffer, i);
      if (match === 'none') continue;
      if (match === 'start') this.#inStep = 'in-step';
      break;
    }
    if (i === at && this.#inStep === 'lost') return null;
    return this.#skip(at, i);
  }

  #skip(at: number, next: number): Step | null {
    this.#garbageBytes += next - at;
    if (this.#garbageBytes > limits.garbageBytesMax) return this.#break('bytes that are not RTSP');
    return { next, item: null };
  }

  #break(what: string): null {
    this.#broken = what;
    return null;
  }
}

const isLetter = (byte: number): boolean => (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);

/** Whether something trustworthy starts here; `partial` when that depends on bytes still to come. */
function matchStart(buffer: Buffer, at: number): 'start' | 'partial' | 'none' {
  if (buffer[at] === DOLLAR) {
    const channel = buffer[at + 1];
    if (channel === undefined) return 'partial';
    return channel <= RESYNC_CHANNEL_MAX ? 'start' : 'none';
  }
  const known = Math.min(RTSP_WORD.length, buffer.length - at);
  if (buffer.compare(RTSP_WORD, 0, known, at, at + known) !== 0) return 'none';
  return known === RTSP_WORD.length ? 'start' : 'partial';
}

/** The empty line after a head, ended by CRLF, LF or a mixture, within the longest head allowed. */
function findHeadEnd(buffer: Buffer, at: number): { readonly text: number; readonly body: number } | null {
  const bound = Math.min(buffer.length, at + limits.headBytesMax);
  let newline = buffer.indexOf(0x0a, at);
  while (newline >= 0 && newline < bound) {
    const next = buffer[newline + 1];
    if (next === 0x0a) return { text: newline, body: newline + 2 };
    if (next === 0x0d && buffer[newline + 2] === 0x0a) return { text: newline, body: newline + 3 };
    newline = buffer.indexOf(0x0a, newline + 1);
  }
  return null;
}
