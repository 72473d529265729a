// What the model-checked programs of locks have in common.
import { TimeoutError } from '@millrace/timeouts';
import type { Call, Run, Step, Task } from '@millrace/testkit';
import { TestClock } from '@millrace/testkit';
import { LeaseError, SyncClosedError } from '../../src/index.js';
import type { Lease } from '../../src/index.js';

const REASON = new Error('called off');

let lastClock = new TestClock();

/** The clock of the schedule before, if nothing is left on it: what a clock needs for timeouts takes long to make. */
function cleanClock(): TestClock {
  if (lastClock.pending > 0) lastClock = new TestClock();
  return lastClock;
}

/** A clock, and a signal that the step `abort` aborts. */
export class World {
  readonly clock: TestClock = cleanClock();
  readonly startMs: number = this.clock.now();
  readonly reason: Error = REASON;
  private _controller: AbortController | undefined;

  /** Made on demand: hosts take longer for one than for all the rest of a short program. */
  get controller(): AbortController {
    return (this._controller ??= new AbortController());
  }
}

/** A step that aborts the signal. */
export const abort = <W extends World>(): Step<W> => ({
  name: 'abort',
  run: ({ controller, reason }) => {
    controller.abort(reason);
  },
});

export const isLease = (value: unknown): value is Lease =>
  typeof value === 'object' && value !== null && 'isHeld' in value;

/** The lease that the task got last, among those it still holds. */
export function leaseOf(task: Task): Lease | undefined {
  return task.calls
    .map((call) => call.value)
    .filter(isLease)
    .findLast((lease) => lease.isHeld);
}

/** A step that releases what {@link leaseOf} finds. */
export const release = <W>(): Step<W> => ({ name: 'release', run: (_, task) => leaseOf(task)?.release() });

/** All leases that somebody has been given and still holds. */
export function heldLeases(run: Run): Lease[] {
  const leases = run.calls.map((call) => call.value).filter(isLease);
  return leases.filter((lease) => lease.isHeld);
}

/** Which failures belong to a step: those that its name, or what was done to the world, announces. */
export function mayFail(call: Call, world: World): boolean {
  const { error, name } = call;
  if (error === world.reason) return name.includes('signal') && world.controller.signal.aborted;
  if (error instanceof TimeoutError) return name.includes('ms') && error.elapsedMs >= error.timeoutMs;
  if (error instanceof SyncClosedError) return true;
  return error instanceof LeaseError && name === 'release twice';
}

/** Throws unless those who waited were served in the order they came. `calls` are those that may not overtake. */
export function checkFifo(calls: readonly Call[]): void {
  let served = -1;
  let passedOver: Call | undefined;
  for (const call of calls) {
    if (call.state === 'pending') passedOver ??= call;
    if (call.state !== 'fulfilled') continue;
    if (passedOver !== undefined) throw new Error(`${call.token} ${call.name} overtook ${passedOver.token}`);
    if (call.settledAt < served) throw new Error(`${call.token} ${call.name} was served before its time`);
    served = call.settledAt;
  }
}

export function expectEqual(what: string, seen: unknown, expected: unknown): void {
  if (!Object.is(seen, expected)) throw new Error(`${what}: expected ${String(expected)}, saw ${String(seen)}`);
}
