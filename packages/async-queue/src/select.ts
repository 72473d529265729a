import { throwIfOver, watchOp } from '@millrace/timeouts';
import type { Arm, Cancellable, Op, OpWatch, Waiter } from '@millrace/timeouts';

/** What a select over the arms `A` gives: which arm has committed, and with what. Narrow it on `index`. */
export type Selected<A extends readonly Arm<unknown>[]> = {
  [I in keyof A]: {
    readonly index: I extends `${infer N extends number}` ? N : number;
    readonly value: A[I] extends Arm<infer T> ? T : never;
  };
}[number];

/**
 * Waits until one of several arms can commit, and commits that one only.
 *
 * Where several can, the first one in the array does. The others are untouched: a queue keeps its item, an event its
 * state, and whoever stands in line behind this select gets what it would have got.
 *
 * @param arms - At least one: `queue.taking()`, the arms of `@millrace/sync`, or your own.
 * @param op - What may end the wait; a deadline goes here.
 * @returns The place of the arm in `arms`, and its value.
 * @throws {RangeError} If `arms` is empty: that would wait for ever.
 * @throws What the `tryCommit` of an arm throws, as that of a queue that has ended does; no arm has committed.
 * @throws What the `enlist` of an arm throws, and what ends `op`; no arm has committed.
 * @remarks
 * Cancellation: no arm commits after it, and the places in all lines are given up.
 * Cost: one pass over the arms if one of them can commit at once, else one place in the line of each.
 */
export function select<const A extends readonly Arm<unknown>[]>(arms: A, op?: Op): Promise<Selected<A>> {
  return new Promise<{ index: number; value: unknown }>((resolve, reject) => {
    if (arms.length === 0) throw new RangeError('expected at least one arm, saw none');
    throwIfOver(op, 'select');
    const selection = new Selection(arms, resolve, reject);
    selection.wake();
    selection.enlist(op);
  }) as Promise<Selected<A>>;
}

/** A select that waits: it commits inside the `wake` of an arm, so nobody can come between. */
class Selection implements Waiter, Cancellable {
  private readonly _arms: readonly Arm<unknown>[];
  private readonly _resolve: (selected: { index: number; value: unknown }) => void;
  private readonly _reject: (reason: unknown) => void;
  /** Arms in whose lines it may be, from the first one. */
  private _enlisted = 0;
  /** `committing` as well while an arm is asked: it may wake others, and this one again. */
  private _state: 'waiting' | 'committing' | 'settled' = 'waiting';
  private _watch: OpWatch | undefined;

  constructor(
    arms: readonly Arm<unknown>[],
    resolve: (selected: { index: number; value: unknown }) => void,
    reject: (reason: unknown) => void,
  ) {
    this._arms = arms;
    this._resolve = resolve;
    this._reject = reject;
  }

  wake(): void {
    if (this._state !== 'waiting') return;
    this._state = 'committing';
    try {
      for (const [index, arm] of this._arms.entries()) {
        const committed = arm.tryCommit();
        if (committed === undefined) continue;
        this._resolve({ index, value: committed.value });
        this._settle();
        return;
      }
      this._state = 'waiting';
    } catch (error) {
      this.onCancel(error);
    }
  }

  onCancel(reason: unknown): void {
    this._reject(reason);
    this._settle();
  }

  /** Gets in all lines, unless it settles on the way. */
  enlist(op: Op | undefined): void {
    try {
      while (this._state === 'waiting' && this._enlisted < this._arms.length) {
        this._arms[this._enlisted++]?.enlist(this);
      }
      if (this._state === 'waiting') this._watch = watchOp(op, this, 'select');
    } catch (error) {
      // It must not stay in the lines: an item would be committed to a promise that is rejected.
      this.onCancel(error);
    }
  }

  /** Comes after the promise is settled: leaving may settle those behind, and they are to see it after this one. */
  private _settle(): void {
    this._state = 'settled';
    this._watch?.release();
    // Leaving one line may settle those behind, not this one again.
    while (this._enlisted > 0) this._arms[--this._enlisted]?.withdraw(this);
  }
}
