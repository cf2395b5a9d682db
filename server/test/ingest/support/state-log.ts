/* The states a camera source goes through, remembered and waited for. */
import { EventEmitter, once } from 'node:events';
import type { CameraSource, SourceState } from '../../../src/app/ports/camera-source.ts';

/** Remembers the states a source went through, and waits for one. */
export class StateLog {
  readonly states: SourceState[] = [];
  readonly #events = new EventEmitter();

  constructor(source: CameraSource) {
    source.onState((state) => {
      this.states.push(state);
      this.#events.emit('state');
    });
  }

  get names(): readonly string[] {
    return this.states.map((state) => state.name);
  }

  async until(name: SourceState['name'], times = 1): Promise<SourceState> {
    for (;;) {
      const found = this.states.filter((state) => state.name === name)[times - 1];
      if (found) return found;
      await once(this.#events, 'state');
    }
  }
}
