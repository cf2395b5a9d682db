/*
 * What was opened is closed in the opposite order, once. Used by compose.
 */

/** Runs the closing steps in the opposite order of their opening; one that fails does not keep the others from running. */
export class Closing {
  readonly #steps: (() => unknown)[] = [];
  #done: Promise<void> | null = null;

  add(step: () => unknown): void {
    this.#steps.unshift(step);
  }

  run(): Promise<void> {
    this.#done ??= (async () => {
      for (const step of this.#steps)
        await Promise.resolve()
          .then(step)
          .catch(() => undefined);
    })();
    return this.#done;
  }
}
