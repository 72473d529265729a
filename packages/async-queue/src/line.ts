import type { Cancellable, OpWatch, Waiter } from '@millrace/timeouts';

/** Those who wait for the same thing, in the order in which they came: a list that closes through the line itself. */
export class Line<T> {
  length = 0;
  /** The first place, if there is one. */
  next: Place<T> = this as never;
  previous: Place<T> = this as never;
  declare readonly wake: () => void;

  /** `wake` is called when somebody has left without what it waited for: the next one may be served now. */
  constructor(wake: () => void) {
    this.wake = wake;
  }
}

/**
 * One operation that waits, at the end of a line from its making on: a node of the list, so that leaving costs O(1).
 *
 * It is settled in the call that takes it out of the line, and only there. So nothing is ever delivered to an operation
 * that was cancelled, and none is cancelled that has got something: there is no state between the two.
 */
export class Place<T> implements Cancellable {
  /** Set if whoever waits is told to come and take, instead of being given. */
  waiter: Waiter | undefined;
  watch: OpWatch | undefined;
  declare line: Line<T> | undefined;
  declare previous: Place<T>;
  declare next: Place<T>;
  declare readonly resolve: ((value: unknown) => void) | undefined;
  declare readonly reject: ((reason: unknown) => void) | undefined;
  /** What is to be put, and its weight. */
  declare readonly item: T | undefined;
  declare readonly weight: number;

  constructor(
    line: Line<T>,
    item?: T,
    weight?: number,
    resolve?: (value: unknown) => void,
    reject?: (reason: unknown) => void,
  ) {
    this.item = item;
    this.weight = weight as never;
    this.resolve = resolve;
    this.reject = reject;
    this.line = line;
    this.next = line as never;
    this.previous = line.previous;
    line.previous = line.previous.next = this;
    line.length++;
  }

  settle(value?: unknown): void {
    this.withdraw();
    this.resolve?.(value);
  }

  fail(reason: unknown): void {
    this.withdraw();
    this.reject?.(reason);
    this.waiter?.wake();
  }

  onCancel(reason: unknown): void {
    const { line } = this;
    this.fail(reason);
    line?.wake();
  }

  /** Leaves the line, if it is in one. */
  withdraw(): void {
    const { line, previous, next } = this;
    if (!line) return;
    previous.next = next;
    next.previous = previous;
    line.length--;
    this.line = undefined;
    this.watch?.release();
  }
}
