/** Somebody who waits in line: an operation that cannot be done yet. */
export interface Waiter {
  /**
   * Says that it is worth trying again. May be called more than once, and in vain; must not throw.
   *
   * @remarks Reentrancy: called in the middle of another operation, so an implementation defers what runs user code.
   */
  wake(): void;
}

/**
 * One of several things that a `select` waits for: what a queue, an event or a primitive of your own offers it.
 *
 * @typeParam T - What is got when the arm commits.
 */
export interface Arm<T> {
  /** Does the operation if it can be done now, and returns its value; `undefined` if not, and then nothing changed. */
  tryCommit(): { value: T } | undefined;
  /** Puts `waiter` at the end of the line: it is woken when `tryCommit` may succeed. */
  enlist(waiter: Waiter): void;
  /** Takes `waiter` out of the line; a wake-up that it had not used goes to the next in line. A no-op if it is not there. */
  withdraw(waiter: Waiter): void;
}
