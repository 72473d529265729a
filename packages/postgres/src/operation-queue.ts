import type { Operation } from './operation.js';

/** The place of an operation in its queue; an operation is in one queue at a time. */
export interface QueueLinks {
  queue: OperationQueue | undefined;
  before: Operation | undefined;
  after: Operation | undefined;
}

/** A FIFO of operations from which any of them can be taken at once: the links are inside the operation. */
export class OperationQueue {
  private _first: Operation | undefined;
  private _last: Operation | undefined;
  private _count = 0;

  get count(): number {
    return this._count;
  }

  get first(): Operation | undefined {
    return this._first;
  }

  push(operation: Operation): void {
    this._insert(operation, this._last);
  }

  /** Puts an operation that was out already back to its turn: before everything that was issued after it. */
  putBack(operation: Operation): void {
    let before: Operation | undefined;
    for (let next = this._first; next !== undefined && next.turn < operation.turn; next = next.links.after) {
      before = next;
    }
    this._insert(operation, before);
  }

  shift(): Operation | undefined {
    const operation = this._first;
    if (operation !== undefined) this.remove(operation);
    return operation;
  }

  /** Takes `operation` out; `false` if it is not in this queue. */
  remove(operation: Operation): boolean {
    const { links } = operation;
    if (links.queue !== this) return false;
    if (links.before === undefined) this._first = links.after;
    else links.before.links.after = links.after;
    if (links.after === undefined) this._last = links.before;
    else links.after.links.before = links.before;
    links.queue = links.before = links.after = undefined;
    this._count -= 1;
    return true;
  }

  some(predicate: (operation: Operation) => boolean): boolean {
    for (let next = this._first; next !== undefined; next = next.links.after) {
      if (predicate(next)) return true;
    }
    return false;
  }

  private _insert(operation: Operation, before: Operation | undefined): void {
    const { links } = operation;
    const after = before === undefined ? this._first : before.links.after;
    links.queue = this;
    links.before = before;
    links.after = after;
    if (before === undefined) this._first = operation;
    else before.links.after = operation;
    if (after === undefined) this._last = operation;
    else after.links.before = operation;
    this._count += 1;
  }
}
