import type { Op } from '@millrace/timeouts';
import { checkCount } from './check-count.js';
import { SyncClosedError } from './errors.js';
import { WaitLine, waitIn } from './wait-line.js';
import type { SyncOptions } from './wait-line.js';

/** What a {@link Barrier} tells of itself. */
export interface BarrierStats {
  /** How many must come before they go on. */
  readonly parties: number;
  /** How many have come and wait for the others. */
  readonly waiting: number;
}

/**
 * A place where a number of tasks wait for each other: when the last one has come, all go on, and the next round begins.
 */
export class Barrier {
  private readonly _line: WaitLine<number>;
  private readonly _parties: number;

  /**
   * Makes a barrier that nobody has come to.
   *
   * @param parties - How many must come, an integer of at least 1.
   * @throws {RangeError} If `parties` is something else.
   */
  constructor(parties: number, options?: SyncOptions) {
    checkCount('parties', parties, 1);
    this._parties = parties;
    this._line = new WaitLine('Barrier', options);
  }

  /**
   * Waits until as many have come as the barrier was made for.
   *
   * @param op - What may end the wait. Who is called off has not come: somebody else must.
   * @returns A different number for each of a round, from 0 in the order they came: let 0 do what one must do.
   * @throws {TimeoutError} If the time of `op` runs out first.
   * @throws {SyncClosedError} If the barrier is closed, then or before, or reset meanwhile.
   * @throws The reason of `op.signal` or `op.scope`, untouched, when that ends the wait.
   */
  wait(op?: Op): Promise<number> {
    const line = this._line;
    const refusal = line.refuse(op, 'wait');
    if (refusal !== undefined) return refusal;
    const place = this.tryWait();
    return place === undefined ? waitIn(line, op, 'wait') : Promise.resolve(place);
  }

  /**
   * Lets everybody go on if the caller is the last one who is missing.
   *
   * @returns The caller's number, as {@link Barrier.wait} gives it. Undefined: more are missing, or the barrier is closed;
   * then the caller has not come.
   */
  tryWait(): number | undefined {
    const line = this._line;
    const place = this._parties - 1;
    if (line.isClosed || line.length < place) return undefined;
    for (let next = 0; line.first !== undefined; next++) line.first.grant(next);
    return place;
  }

  /** Ends the waits of this round with a {@link SyncClosedError}, and begins the next. */
  reset(): void {
    this._line.failAll(new SyncClosedError(`this round of ${this._line.name}`));
  }

  /** Tells how things stand. */
  stats(): BarrierStats {
    return { parties: this._parties, waiting: this._line.length };
  }

  /** Ends all waits with a {@link SyncClosedError}; nobody can come any more. Does nothing the second time. */
  close(): void {
    this._line.close();
  }
}
