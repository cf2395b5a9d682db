/*
 * Time and chance as the SDK sees them: one small port, so that back-off, pacing and renewal can be tested without
 * waiting. The browser's own is the default everywhere.
 */
import { clientLimits } from './client-limits.ts';

export type Cancel = () => void;

export interface ClientClock {
  /** Never goes back; only differences mean something. */
  monotonicMs(): number;
  /** The device's wall clock; it may be wrong. */
  wallMs(): number;
  /** Uniform in [0, 1); for jitter only. */
  random(): number;
  /** MUST run `act` once, not before `delayMs`, unless cancelled. Cancelling twice is harmless. */
  after(delayMs: number, act: () => void): Cancel;
}

export const browserClock: ClientClock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  random: () => Math.random(),
  after: (delayMs, act) => {
    const timer = setTimeout(act, Math.min(Math.max(delayMs, 0), clientLimits.timerMsMax));
    return () => clearTimeout(timer);
  },
};
