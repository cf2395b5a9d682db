/* Waits for Ctrl-C or a stop from the system; used by the commands that serve. */

/** npm and the terminal may each pass one Ctrl-C on; signals this close together are one. */
const SAME_SIGNAL_MS = 2_000;

/** Resolves at the first SIGINT, SIGTERM or SIGHUP; one more, later, ends the process at once and without ceremony. */
export function untilStopped(): Promise<'stopped'> {
  return new Promise((resolve) => {
    let askedAtMs: number | null = null;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        askedAtMs ??= performance.now();
        if (performance.now() - askedAtMs > SAME_SIGNAL_MS) process.exit(130);
        resolve('stopped');
      });
    }
  });
}
