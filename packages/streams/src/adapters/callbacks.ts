import { LoopClosedError, type Loop } from '@millrace/loop-policy';
import { reportUncaught } from '../report-uncaught.js';

/** Runs the callbacks of one connection: what they throw ends it, and is the loop's to report. */
export class Callbacks {
  readonly #loop: Loop;
  readonly #onThrow: (error: Error) => void;

  constructor(loop: Loop, onThrow: (error: Error) => void) {
    this.#loop = loop;
    this.#onThrow = onThrow;
  }

  run(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.#onThrow(error instanceof Error ? error : new Error('a callback threw', { cause: error }));
      reportUncaught(this.#loop, error);
    }
  }

  /** Runs `fn` soon, also after the loop was closed: the end of a connection is told even then. */
  soon(fn: () => void): void {
    try {
      this.#loop.callSoon(fn);
    } catch (error) {
      if (!(error instanceof LoopClosedError)) throw error;
      queueMicrotask(fn);
    }
  }
}
