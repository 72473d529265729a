/** The queue was closed: nothing can be put any more, or nothing is left to take. */
export class QueueClosedError extends Error {
  /** Always `'ERR_ASYNC_QUEUE_CLOSED'`. */
  readonly code = 'ERR_ASYNC_QUEUE_CLOSED';
  /** The name shown in stack traces. */
  override readonly name = 'QueueClosedError';
}

/** There was no room for an item in a queue whose `overflow` is `'error'`. */
export class QueueFullError extends Error {
  /** Always `'ERR_ASYNC_QUEUE_FULL'`. */
  readonly code = 'ERR_ASYNC_QUEUE_FULL';
  /** The name shown in stack traces. */
  override readonly name = 'QueueFullError';
  /** The room that the item needs: 1, or its weight. */
  declare readonly requested: number;
  /** The room that was left. */
  declare readonly available: number;

  constructor(requested: number, available: number) {
    super(`expected ${requested} free, saw ${available}`);
    this.requested = requested;
    this.available = available;
  }
}

/** Says what was expected and what was seen, unless that is so. `expected` has no figures: this is on the way of each item. */
export function check(isSo: boolean, expected: string, seen: unknown): void {
  if (!isSo) throw new RangeError(`expected ${expected}, saw ${typeof seen === 'string' ? `'${seen}'` : String(seen)}`);
}
