/**
 * What was waited for was closed before it came, or is asked for after it was closed.
 *
 * Thrown to everybody who waits when `close()` is called, to whoever asks later, to whoever releases a lease of it, and
 * by `Barrier.reset()` to those who wait.
 */
export class SyncClosedError extends Error {
  /** Always `'ERR_SYNC_CLOSED'`. */
  readonly code = 'ERR_SYNC_CLOSED';
  /** The name of the lock or whatever else was closed. */
  readonly primitive: string;

  /** Makes the error for the primitive of that name. */
  constructor(primitive: string) {
    super(`${primitive} was closed`);
    this.primitive = primitive;
  }

  /** The name shown in stack traces. */
  override get name(): string {
    return 'SyncClosedError';
  }
}

/**
 * A lease was used by somebody who does not hold it any more: it was released before, or it waits on a condition.
 *
 * Nothing has changed. The program has lost track of who owns what, so there is nothing to retry.
 */
export class LeaseError extends Error {
  /** Always `'ERR_SYNC_NOT_HELD'`. */
  readonly code = 'ERR_SYNC_NOT_HELD';
  /** The name of the lock or the semaphore that the lease is of. */
  readonly primitive: string;

  /**
   * Makes the error.
   *
   * @param primitive - The name of the lock or the semaphore.
   * @param seen - What was done with the lease.
   * @param cause - An error made where that was done, while `@millrace/sync/debug` tracks.
   */
  constructor(primitive: string, seen: string, cause?: Error) {
    super(`expected a lease of ${primitive} that is held, saw ${seen}`, cause && { cause });
    this.primitive = primitive;
  }

  /** The name shown in stack traces. */
  override get name(): string {
    return 'LeaseError';
  }
}
