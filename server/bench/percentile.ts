/* Percentiles of a small sample, by nearest rank. */

/** The value that `share` (0 to 1) of the samples do not exceed; NaN for none. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** p50, p95, p99 and the maximum as one line, in milliseconds. */
export function describeSample(samples: readonly number[]): string {
  const at = (share: number) => percentile(samples, share).toFixed(1);
  return `n=${samples.length}  p50 ${at(0.5)}  p95 ${at(0.95)}  p99 ${at(0.99)}  max ${at(1)} ms`;
}
