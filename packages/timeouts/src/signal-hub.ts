import { endAll } from './cancel-targets.js';
import type { CancelTarget } from './cancel-targets.js';
import { partnerOf } from './partner-of.js';

/**
 * Everything here that waits on one AbortSignal, behind a single event listener on it.
 *
 * A signal that outlives a hundred thousand operations carries one listener while any of them is pending and none
 * after, and leaving takes constant time where `removeEventListener` walks a list.
 */
class SignalHub {
  readonly #signal: AbortSignal;
  readonly #targets = new Set<CancelTarget>();
  readonly #onAbort = (): void => {
    this.#signal.removeEventListener('abort', this.#onAbort);
    endAll(this.#targets, this.#signal.reason);
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(target: CancelTarget): void {
    if (this.#targets.size === 0) this.#signal.addEventListener('abort', this.#onAbort);
    this.#targets.add(target);
  }

  remove(target: CancelTarget): void {
    if (this.#targets.delete(target) && this.#targets.size === 0) {
      this.#signal.removeEventListener('abort', this.#onAbort);
    }
  }
}

const hubs = new WeakMap<AbortSignal, SignalHub>();

/** Returns the hub of `signal`, making it on the first call. */
export function hubOf(signal: AbortSignal): SignalHub {
  return partnerOf(hubs, signal, SignalHub);
}
