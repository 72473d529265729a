import { CancelListener, CancelListeners } from './cancel-listeners.js';

/**
 * Everything here that waits on one AbortSignal, behind a single event listener on it.
 *
 * A signal that outlives a hundred thousand operations carries one listener while any of them is pending and none
 * after, and leaving takes constant time where `removeEventListener` walks a list.
 */
class SignalHub {
  readonly #signal: AbortSignal;
  readonly #listeners = new CancelListeners(() => {
    this.#signal.removeEventListener('abort', this.#onAbort);
  });
  readonly #onAbort = (): void => {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#listeners.dispatch(this.#signal.reason);
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(listener: CancelListener): void {
    if (this.#listeners.isEmpty) this.#signal.addEventListener('abort', this.#onAbort);
    this.#listeners.add(listener);
  }
}

const hubs = new WeakMap<AbortSignal, SignalHub>();

/** Calls `fn` with the reason when `signal`, which must not be aborted yet, is aborted. */
export function watchSignal(signal: AbortSignal, fn: (reason: unknown) => void): CancelListener {
  let hub = hubs.get(signal);
  if (hub === undefined) {
    hub = new SignalHub(signal);
    hubs.set(signal, hub);
  }
  const listener = new CancelListener(fn);
  hub.add(listener);
  return listener;
}
