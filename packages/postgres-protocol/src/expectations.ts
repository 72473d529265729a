import type { Expectation } from './frontend-state.js';
import type { Statement } from './statement.js';

/**
 * The requests that were sent and are not answered yet, oldest first: a ring that grows by doubling, so that a request
 * allocates nothing. The oldest stays in it while it is being answered.
 */
export class Expectations {
  private _kinds: (Expectation | undefined)[] = places(16);
  private _statements: (Statement | undefined)[] = places(16);
  private _first = 0;
  private _count = 0;
  private _readyCount = 0;
  private _newest: Expectation | undefined;

  /** How many ReadyForQuery the requests in here are owed. */
  get readyCount(): number {
    return this._readyCount;
  }

  /** What is being answered; `undefined` if nothing is. */
  get oldest(): Expectation | undefined {
    return this._count === 0 ? undefined : this._kinds[this._first];
  }

  /** The statement that the oldest request executes. */
  get oldestStatement(): Statement | undefined {
    return this._count === 0 ? undefined : this._statements[this._first];
  }

  /** The last request that was ever sent, answered or not. */
  get newest(): Expectation | undefined {
    return this._newest;
  }

  /** Removes all, and forgets what there was. */
  clear(): void {
    this._kinds = places(16);
    this._statements = places(16);
    this._first = 0;
    this._count = 0;
    this._readyCount = 0;
    this._newest = undefined;
  }

  push(kind: Expectation, statement?: Statement): void {
    if (this._count === this._kinds.length) this._grow();
    const at = (this._first + this._count) & (this._kinds.length - 1);
    this._kinds[at] = kind;
    this._statements[at] = statement;
    this._count += 1;
    this._newest = kind;
    if (owesReady(kind)) this._readyCount += 1;
  }

  /** Removes the oldest. */
  shift(): Expectation | undefined {
    if (this._count === 0) return undefined;
    const kind = this._kinds[this._first];
    this._statements[this._first] = undefined; // or the ring would keep the statement alive
    this._first = (this._first + 1) & (this._kinds.length - 1);
    this._count -= 1;
    if (kind !== undefined && owesReady(kind)) this._readyCount -= 1;
    return kind;
  }

  /** Removes all up to and including the first that owes a ReadyForQuery. */
  shiftThroughReady(): void {
    for (let kind = this.shift(); kind !== undefined && !owesReady(kind); kind = this.shift());
  }

  /** How many requests wait behind the oldest, if every one of them is a Sync; else `undefined`. */
  syncsBehindOldest(): number | undefined {
    for (let i = 1; i < this._count; i++) {
      if (this._kinds[(this._first + i) & (this._kinds.length - 1)] !== 'syncing') return undefined;
    }
    return Math.max(0, this._count - 1);
  }

  private _grow(): void {
    const size = this._kinds.length;
    const order = Array.from({ length: size }, (_, i) => (this._first + i) & (size - 1));
    const room = places(size);
    this._kinds = [...order.map((at) => this._kinds[at]), ...room];
    this._statements = [...order.map((at) => this._statements[at]), ...room];
    this._first = 0;
  }
}

function places(count: number): undefined[] {
  return new Array<undefined>(count).fill(undefined);
}

function owesReady(kind: Expectation): boolean {
  return kind === 'syncing' || kind === 'querying' || kind === 'callingFunction';
}
