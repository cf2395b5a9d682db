/*
 * Adds up what the viewers of one process have seen: those that are over for good, those still there anew at each look.
 * No I/O, no clock.
 */
import { Distribution } from '../distribution.ts';
import type { Moments, VirtualViewer } from '../viewer/virtual-viewer.ts';
import { type Counts, type DurationName, emptyCounts, type Snapshot } from './agent-wire.ts';

const TROUBLES_MAX = 50;

/** A step's length by the two moments around it; nothing until both have been. */
const STEPS: readonly (readonly [DurationName, keyof Moments, keyof Moments])[] = [
  ['lag', 'scheduledAtMs', 'begunAtMs'],
  ['token', 'scheduledAtMs', 'tokenAtMs'],
  ['admission', 'joinedAtMs', 'offeredAtMs'],
  ['ice', 'offeredAtMs', 'iceAtMs'],
  ['dtls', 'iceAtMs', 'dtlsAtMs'],
  ['join', 'joinedAtMs', 'firstPacketAtMs'],
  ['first_frame', 'offeredAtMs', 'firstFrameAtMs'],
  ['start', 'scheduledAtMs', 'firstFrameAtMs'],
];

export class Tally {
  readonly counts = emptyCounts();
  readonly #durations: Readonly<Record<Exclude<DurationName, 'latency'>, Distribution>> = {
    lag: new Distribution(),
    token: new Distribution(),
    admission: new Distribution(),
    ice: new Distribution(),
    dtls: new Distribution(),
    join: new Distribution(),
    first_frame: new Distribution(),
    start: new Distribution(),
  };
  readonly #latencyMs: Distribution;
  readonly #troubles = new Map<string, number>();

  constructor(latencyMs: Distribution) {
    this.#latencyMs = latencyMs;
  }

  /** A join that never came to be a viewing. */
  fail(what: string): void {
    this.counts.failed += 1;
    this.#note(what);
  }

  /** A viewing is over for good. */
  close(viewer: VirtualViewer): void {
    addViewer(this.counts, this.#durations, viewer);
    if (viewer.ending === 'denied' || viewer.ending === 'failed') this.#note(`${viewer.ending}: ${viewer.endReason}`);
  }

  /** Everything so far, with these viewers as they stand. */
  sum(current: readonly VirtualViewer[]): Pick<Snapshot, 'viewersUp' | 'counts' | 'durations' | 'jitter'> {
    const counts: Counts = { ...this.counts };
    const jitter = new Distribution();
    const durations = copy(this.#durations);
    for (const viewer of current) {
      addViewer(counts, durations, viewer);
      if (viewer.isUp && viewer.link) jitter.add(viewer.link.reception.jitterTicks / 90);
    }
    const { lag, token, admission, ice, dtls, join, first_frame, start } = durations;
    return {
      viewersUp: current.filter((viewer) => viewer.isUp).length,
      counts,
      jitter: jitter.pack(),
      durations: {
        ...{ lag: lag.pack(), token: token.pack(), admission: admission.pack(), ice: ice.pack(), dtls: dtls.pack() },
        ...{ join: join.pack(), first_frame: first_frame.pack(), start: start.pack() },
        latency: this.#latencyMs.pack(),
      },
    };
  }

  troubles(): readonly (readonly [string, number])[] {
    return [...this.#troubles];
  }

  #note(what: string): void {
    if (this.#troubles.has(what) || this.#troubles.size < TROUBLES_MAX) {
      this.#troubles.set(what, (this.#troubles.get(what) ?? 0) + 1);
    }
  }
}

type Durations = Readonly<Record<Exclude<DurationName, 'latency'>, Distribution>>;

function copy(from: Durations): Durations {
  const one = (source: Distribution): Distribution => {
    const made = new Distribution();
    made.merge(source.pack());
    return made;
  };
  return {
    lag: one(from.lag),
    token: one(from.token),
    admission: one(from.admission),
    ice: one(from.ice),
    dtls: one(from.dtls),
    join: one(from.join),
    first_frame: one(from.first_frame),
    start: one(from.start),
  };
}

function addViewer(counts: Counts, durations: Durations, { moments, ending, sessionId, link }: VirtualViewer): void {
  if (sessionId !== null) counts.offered += 1;
  if (ending !== null) counts[ending] += 1;
  for (const [name, from, to] of STEPS) {
    if (name !== 'latency' && moments[from] > 0 && moments[to] > 0) durations[name].add(moments[to] - moments[from]);
  }
  if (!link) return;
  const { reception } = link;
  counts.packets += reception.packets + link.repairs + link.otherPackets;
  counts.bytes += reception.bytes;
  counts.lost += reception.lost;
  counts.lostAtStart += reception.lostAtStart;
  counts.duplicates += reception.duplicates;
  counts.frames += reception.frames;
  counts.freezes += reception.freezes;
  counts.freezeMs += reception.freezeMs;
  counts.repairs += link.repairs;
  counts.nacks += link.nacksSent;
  counts.plis += link.plisSent;
}
