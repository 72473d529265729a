import type { TimerSource } from '@millrace/timeouts';
import { check } from './errors.js';

/** What an {@link AsyncQueue} is made of. */
export interface QueueOptions<T> {
  /**
   * How much it holds: a number of items, or the sum of their weights. `0` holds nothing: an item passes from a put to
   * a take that waits for it, or the other way round. `Infinity` is a decision to have no back-pressure.
   */
  capacity: number;
  /**
   * What is taken next: the oldest (`'fifo'`, the default), the newest (`'lifo'`), or the lowest by a comparator, and of
   * equals the oldest.
   */
  order?: 'fifo' | 'lifo' | ((a: T, b: T) => number) | undefined;
  /** The room that an item takes, 0 or more and at most the capacity; asked once per item. Default: 1 each. */
  weigh?: ((item: T) => number) | undefined;
  /**
   * What happens to an item for which there is no room: it waits (the default); `put` rejects with a QueueFullError;
   * the oldest items are dropped until it fits; or it is dropped itself.
   */
  overflow?: 'wait' | 'error' | 'drop-oldest' | 'drop-newest' | undefined;
  /**
   * Gets each item that `overflow` drops, in the call that drops it. If it throws, so does the put: the item stays dropped,
   * and the new one is the caller's. A put into the same queue is a RangeError while it runs.
   */
  onDrop?: ((item: T) => void) | undefined;
  /** The clock for operations that name none. */
  timers?: TimerSource | undefined;
}

const OVERFLOWS = ['wait', 'error', 'drop-newest', 'drop-oldest'];
export const ERROR = 1;
/** This and what is above it drop items. */
export const DROP_NEWEST = 2;

/** Returns what `overflow` says, as a number. */
export function overflowOf<T>({ overflow = 'wait' }: QueueOptions<T>): number {
  const index = OVERFLOWS.indexOf(overflow);
  check(index >= 0, `overflow in ${OVERFLOWS.join()}`, overflow);
  return index;
}

/** Returns the room that `item` takes. */
export function weightOf<T>(item: T, options: QueueOptions<T>): number {
  const { capacity } = options;
  check((item as unknown) !== undefined, 'an item', item);
  if (!capacity) return 1;
  const weight = options.weigh?.(item) ?? 1;
  check(Number.isFinite(weight) && weight >= 0 && weight <= capacity, '0 <= weight <= capacity', weight);
  return weight;
}
