import type { Cancellable } from '@millrace/timeouts';

/** How a queue or a channel has ended. */
export interface End {
  readonly error: unknown;
  /** Whether a loop over it just ends, instead of throwing the error. */
  readonly isClean?: boolean | undefined;
}

/** One `next` of a loop. Where it has to wait it says with which place, so that leaving the loop can give that up. */
export interface Turn {
  place?: Cancellable;
  /** Whether it takes an array. */
  isBatch?: true;
}

/**
 * Makes the iterator of a loop that takes until the end.
 *
 * Not a generator: the `return` of one that waits for an item waits, too, and then drops the item.
 *
 * @param leave - Called when the loop is left before the end.
 */
export function iterate<R>(
  take: (turn: Turn) => Promise<R>,
  endOf: () => End | undefined,
  leave?: () => void,
): AsyncIterableIterator<R> {
  const turns = new Set<Turn>();
  const done = { done: true, value: undefined } as const;
  let isOver = false;
  return {
    async next() {
      if (isOver) return done;
      const turn: Turn = {};
      turns.add(turn);
      try {
        return { done: false, value: await take(turn) };
      } catch (error) {
        isOver = true;
        const end = endOf();
        // Nobody else has this set: it is what `return` calls turns off with.
        if (error !== turns && (!end?.isClean || error !== end.error)) throw error;
        return done;
      } finally {
        turns.delete(turn);
      }
    },
    // eslint-disable-next-line @typescript-eslint/require-await -- what it throws is to reject
    async return() {
      isOver = true;
      for (const { place } of turns) place?.onCancel(turns);
      leave?.();
      return done;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
