/*
 * A token bucket: how fast a page may speak. Pure; the signal channel asks it before every message, because the
 * server closes a flooding connection for good.
 */

export type Bucket = { readonly tokens: number; readonly atMs: number };
export type Pace = { readonly perSecond: number; readonly burst: number };
export type Taken = { readonly bucket: Bucket; readonly waitMs: number };

export const fullBucket = (pace: Pace, nowMs: number): Bucket => ({ tokens: pace.burst, atMs: nowMs });

/** Takes one token, or says how long to wait for it; then the bucket is only refilled. A clock going back adds none. */
export function takeToken(bucket: Bucket, pace: Pace, nowMs: number): Taken {
  const passedMs = Math.max(0, nowMs - bucket.atMs);
  const tokens = Math.min(pace.burst, bucket.tokens + (passedMs * pace.perSecond) / 1_000);
  if (tokens >= 1) return { bucket: { tokens: tokens - 1, atMs: nowMs }, waitMs: 0 };
  return { bucket: { tokens, atMs: nowMs }, waitMs: Math.ceil(((1 - tokens) * 1_000) / pace.perSecond) };
}
