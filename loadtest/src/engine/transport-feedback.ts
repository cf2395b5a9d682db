/*
 * Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01): which packets came, and
 * when. Without it a server's bandwidth estimation idles and its processor looks cheaper than it is. No I/O, no clock.
 */

/** Packets of one feedback: a tenth of a second at several times the usual rate. */
const PACKETS_MAX = 2_000;
const TICKS_PER_MS = 4;
const REFERENCE_MS = 64;
const HEADER_BYTES = 20;
const SYMBOLS_PER_CHUNK = 7;
const SYMBOL = { absent: 0, small: 1, large: 2 } as const;
const TWO_BIT_VECTOR = 0xc000;

export class TransportFeedback {
  readonly #arrived = new Map<number, number>();
  #first: number | null = null;
  #count = 0;

  /** A packet with this transport-wide sequence number came. */
  note(sequence: number, nowMs: number): void {
    this.#first ??= sequence;
    if (this.#arrived.size < PACKETS_MAX) this.#arrived.set(sequence, nowMs);
  }

  /** One feedback packet over all since the last one; null when nothing came. */
  take(sender: number, media: number): Buffer | null {
    if (this.#first === null) return null;
    const base = lowest(this.#arrived.keys(), this.#first);
    const packets = buildSymbols(this.#arrived, base);
    this.#arrived.clear();
    this.#first = null;
    const bytes = assemble(packets, base, sender, media);
    bytes[19] = this.#count & 0xff;
    this.#count += 1;
    return bytes;
  }
}

type Symbols = {
  readonly referenceMs: number;
  readonly symbols: readonly number[];
  readonly deltas: readonly number[];
};

function lowest(sequences: Iterable<number>, near: number): number {
  let least = 0;
  for (const sequence of sequences) least = Math.min(least, ((sequence - near) << 16) >> 16);
  return (near + least) & 0xffff;
}

function buildSymbols(arrived: ReadonlyMap<number, number>, base: number): Symbols {
  const ahead = [...arrived].map(([sequence, atMs]) => [(sequence - base) & 0xffff, atMs] as const);
  ahead.sort(([a], [b]) => a - b);
  const firstMs = ahead[0]?.[1] ?? 0;
  const referenceMs = Math.floor(firstMs / REFERENCE_MS) * REFERENCE_MS;
  const symbols: number[] = [];
  const deltas: number[] = [];
  let ticks = 0;
  for (const [at, atMs] of ahead) {
    if (at >= PACKETS_MAX) break;
    while (symbols.length < at) symbols.push(SYMBOL.absent);
    const delta = Math.round((atMs - referenceMs) * TICKS_PER_MS) - ticks;
    const kept = Math.max(-0x8000, Math.min(0x7fff, delta));
    ticks += kept;
    symbols.push(kept >= 0 && kept <= 0xff ? SYMBOL.small : SYMBOL.large);
    deltas.push(kept);
  }
  return { referenceMs, symbols, deltas };
}

function assemble({ referenceMs, symbols, deltas }: Symbols, base: number, sender: number, media: number): Buffer {
  const chunks = Math.ceil(symbols.length / SYMBOLS_PER_CHUNK);
  const deltaBytes = deltas.reduce((sum, delta) => sum + (delta >= 0 && delta <= 0xff ? 1 : 2), 0);
  const used = HEADER_BYTES + 2 * chunks + deltaBytes;
  const padding = (4 - (used % 4)) % 4;
  const bytes = Buffer.alloc(used + padding);
  bytes[0] = 0x8f | (padding > 0 ? 0x20 : 0);
  bytes[1] = 205;
  bytes.writeUInt16BE(bytes.length / 4 - 1, 2);
  bytes.writeUInt32BE(sender, 4);
  bytes.writeUInt32BE(media, 8);
  bytes.writeUInt16BE(base, 12);
  bytes.writeUInt16BE(symbols.length, 14);
  bytes.writeUIntBE((referenceMs / REFERENCE_MS) & 0xff_ffff, 16, 3);
  for (let chunk = 0; chunk < chunks; chunk += 1) {
    let word = TWO_BIT_VECTOR;
    for (let at = 0; at < SYMBOLS_PER_CHUNK; at += 1) {
      word |= (symbols[chunk * SYMBOLS_PER_CHUNK + at] ?? SYMBOL.absent) << (12 - 2 * at);
    }
    bytes.writeUInt16BE(word, HEADER_BYTES + 2 * chunk);
  }
  let at = HEADER_BYTES + 2 * chunks;
  for (const delta of deltas)
    at = delta >= 0 && delta <= 0xff ? bytes.writeUInt8(delta, at) : bytes.writeInt16BE(delta, at);
  if (padding > 0) bytes[bytes.length - 1] = padding;
  return bytes;
}
