/*
 * A distribution of durations: counts in buckets that grow by one percent, so that any number of samples costs the same
 * and those of several processes can be added up. Percentiles are within half a percent; least, greatest and sum are exact.
 */

const GROWTH = Math.log(1.01);
/** Finer than any clock here. */
const FLOOR = 0.001;

/** The value that stands for all in a bucket. */
const middleOf = (bucket: number): number => (bucket === 0 ? 0 : FLOOR * Math.exp((bucket - 0.5) * GROWTH));

/** As it travels between processes and into the report's JSON. */
export type PackedDistribution = {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** Bucket number and count, flat. */
  readonly buckets: readonly number[];
};

export class Distribution {
  readonly #buckets = new Map<number, number>();
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  /** Adds a sample; what is below zero (two clocks that differ by a hair) counts as zero. */
  add(sample: number): void {
    const value = Math.max(0, sample);
    const bucket = value <= FLOOR ? 0 : 1 + Math.floor(Math.log(value / FLOOR) / GROWTH);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    this.#count += 1;
    this.#sum += value;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  merge(other: PackedDistribution): void {
    for (let at = 0; at + 1 < other.buckets.length; at += 2) {
      const [bucket, count] = [other.buckets[at]!, other.buckets[at + 1]!];
      this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count);
    }
    this.#count += other.count;
    this.#sum += other.sum;
    if (other.count > 0) this.#min = Math.min(this.#min, other.min);
    this.#max = Math.max(this.#max, other.max);
  }

  get count(): number {
    return this.#count;
  }

  /** Null without samples. */
  get mean(): number | null {
    return this.#count === 0 ? null : this.#sum / this.#count;
  }

  get max(): number | null {
    return this.#count === 0 ? null : this.#max;
  }

  /** The value that `share` (0 to 1) of the samples do not exceed, by nearest rank; null without samples. */
  percentile(share: number): number | null {
    if (this.#count === 0) return null;
    const rank = Math.max(1, Math.ceil(share * this.#count));
    if (rank >= this.#count) return this.#max;
    let seen = 0;
    for (const [bucket, count] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      seen += count;
      if (seen < rank) continue;
      return Math.min(this.#max, Math.max(this.#min, middleOf(bucket)));
    }
    return this.#max;
  }

  pack(): PackedDistribution {
    const buckets = [...this.#buckets].sort(([a], [b]) => a - b).flat();
    return { count: this.#count, sum: this.#sum, min: this.#count === 0 ? 0 : this.#min, max: this.#max, buckets };
  }
}

/** What was added between two looks at the same distribution; least and greatest are known to a bucket. */
export function addedSince(later: PackedDistribution, earlier: PackedDistribution): PackedDistribution {
  const before = new Map<number, number>();
  for (let at = 0; at + 1 < earlier.buckets.length; at += 2) before.set(earlier.buckets[at]!, earlier.buckets[at + 1]!);
  const buckets: number[] = [];
  for (let at = 0; at + 1 < later.buckets.length; at += 2) {
    const bucket = later.buckets[at]!;
    const count = later.buckets[at + 1]! - (before.get(bucket) ?? 0);
    if (count > 0) buckets.push(bucket, count);
  }
  const count = later.count - earlier.count;
  const [min, max] = count === 0 ? [0, 0] : [middleOf(buckets[0] ?? 0), middleOf(buckets.at(-2) ?? 0)];
  return { count, sum: later.sum - earlier.sum, min, max: Math.min(max, later.max), buckets };
}

/** All of them in one. */
export function mergeAll(packed: readonly PackedDistribution[]): Distribution {
  const merged = new Distribution();
  for (const one of packed) merged.merge(one);
  return merged;
}
