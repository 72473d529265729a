import type { Call, Program, Run, Step } from '@millrace/testkit';
import { openCancelScope, sleep, TimeoutError } from '@millrace/timeouts';
import type { CancelScope } from '@millrace/timeouts';
import { World } from './world.js';

const CANCELLED = new Error('cancelled');

type Work = Promise<string>;

/** A scope of 10 ms under a signal or under another scope, and a promise that somebody settles. */
export class ScopeWorld extends World {
  readonly scope: CancelScope;
  private readonly _outer: CancelScope | undefined;
  private _isAborted = false;
  readonly cancelReason: Error = CANCELLED;
  /** What each listener was told, in the order of telling. */
  readonly told: unknown[] = [];
  settle: (value: string) => void = () => {};
  readonly work: Work = new Promise((resolve) => (this.settle = resolve));
  expiresAt: number = this.startMs + 10;
  isSettled = false;
  isCancelCalled = false;
  isClosed = false;

  constructor(isUnderSignal: boolean) {
    super();
    const timers = this.clock;
    this._outer = isUnderSignal ? undefined : openCancelScope({ timers });
    const limit = isUnderSignal ? { signal: this.controller.signal } : { scope: this._outer };
    this.scope = openCancelScope({ timeoutMs: 10, timers, ...limit });
  }

  get isAborted(): boolean {
    return this._isAborted;
  }

  /** Ends the scope from outside. */
  abort(): void {
    this._isAborted = true;
    if (this._outer === undefined) this.controller.abort(this.reason);
    else this._outer.cancel(this.reason);
  }
}

type Letter =
  'race' | 'raceInner' | 'sleep' | 'listen' | 'readSignal' | 'settle' | 'cancel' | 'extend' | 'close' | 'abort';

export const scopeSteps: Readonly<Record<Letter, Step<ScopeWorld>>> = {
  race: { name: 'race', run: ({ scope, work }) => scope.race(work) },
  raceInner: {
    name: 'race in an inner scope of 5 ms',
    run: async ({ scope, work, clock }) => {
      const inner = openCancelScope({ scope, timeoutMs: 5, timers: clock });
      try {
        return await inner.race(work);
      } catch (error) {
        if (error instanceof TimeoutError && error.timeoutMs === 5) return 'the inner time was up';
        throw error;
      } finally {
        inner.close();
      }
    },
  },
  sleep: {
    name: 'sleep 7 ms',
    run: async ({ scope, clock }) => {
      const untilMs = clock.now() + 7;
      await sleep(7, { scope });
      if (clock.now() < untilMs) throw new Error(`woke at ${clock.now()} instead of ${untilMs}`);
    },
  },
  listen: {
    name: 'listen',
    run: ({ scope, told }) => {
      scope.onCancel((reason) => told.push(reason));
    },
  },
  readSignal: {
    name: 'listen to the signal',
    run: ({ scope, told }) => {
      const { signal } = scope;
      if (signal.aborted) told.push(signal.reason);
      else signal.addEventListener('abort', () => told.push(signal.reason));
    },
  },
  settle: {
    name: 'settle',
    run: (world) => {
      world.isSettled = true;
      world.settle('done');
    },
  },
  cancel: {
    name: 'cancel',
    run: (world) => {
      world.isCancelCalled = true;
      world.scope.cancel(world.cancelReason);
    },
  },
  extend: {
    name: 'extend by 5 ms',
    run: (world) => {
      if (world.scope.isCancelled) return;
      world.scope.extend(5);
      world.expiresAt += 5;
    },
  },
  close: {
    name: 'close',
    run: (world) => {
      if (!world.scope.isCancelled) world.isClosed = true;
      world.scope.close();
    },
  },
  abort: {
    name: 'abort',
    run: (world) => {
      world.abort();
    },
  },
};

/** Whether `reason` can have ended the scope by now. */
function isReason(world: ScopeWorld, reason: unknown): boolean {
  if (reason === world.cancelReason) return world.isCancelCalled;
  if (reason === world.reason) return world.isAborted;
  return reason instanceof TimeoutError && reason.elapsedMs >= reason.timeoutMs && world.clock.now() >= world.expiresAt;
}

/** Whether a wait was refused because the scope was closed before it began. */
const isRefusal = (world: ScopeWorld, error: unknown): boolean =>
  world.isClosed && error instanceof TypeError && error.message === 'the scope is closed';

const isListening = (call: Call): boolean => call.name.startsWith('listen');
const isWaiting = (call: Call): boolean => call.name.startsWith('race') || call.name.startsWith('sleep');

function checkEnd(world: ScopeWorld, run: Run): void {
  const rejected = run.calls
    .filter((call) => call.state === 'rejected')
    .map((call) => call.error)
    .filter((error) => !isRefusal(world, error));
  const reasons = new Set([...world.told, ...rejected]);
  if (reasons.size > 1) throw new Error(`the scope ended for ${reasons.size} reasons`);
  for (const reason of reasons) {
    if (!isReason(world, reason)) throw new Error(`the scope ended for a wrong reason: ${String(reason)}`);
  }
  if (world.isClosed && world.told.length > 0) throw new Error('a closed scope was cancelled');
}

/** `outer` is what `abort` aborts. */
export const scopeProgram = (outer: 'signal' | 'scope'): Omit<Program<ScopeWorld>, 'tasks'> => ({
  setup: () => new ScopeWorld(outer === 'signal'),
  clock: ({ clock }) => clock,
  mayFail: (call, world) => isWaiting(call) && (isReason(world, call.error) || isRefusal(world, call.error)),
  invariant: (world, run) => {
    checkEnd(world, run);
    if (!run.isDrained || world.isClosed) return;
    const isOver = world.told.length > 0 || run.calls.some((call) => call.state === 'rejected');
    const waits = run.pending.find(isWaiting);
    if (waits === undefined) return;
    if (isOver) throw new Error(`${waits.token} ${waits.name} waits in a scope that has ended`);
    if (world.isSettled && waits.name.startsWith('race')) throw new Error(`${waits.token} waits for what has settled`);
    if (world.clock.now() >= world.expiresAt) throw new Error(`${waits.token} ${waits.name} waits beyond its time`);
  },
  atEnd: (world, run) => {
    const listeners = run.calls.filter(isListening).length;
    const expected = world.scope.isCancelled ? listeners : 0;
    if (world.told.length !== expected) throw new Error(`${world.told.length} of ${expected} listeners were told`);
  },
  close: (world) => {
    world.isSettled = true;
    world.settle('done');
    world.isCancelCalled = true;
    world.scope.cancel(world.cancelReason);
    world.scope.close();
    // A sleep that outlives its scope is over in time. Of everything else no timer may be left.
    if (world.isClosed) world.clock.runAll();
  },
});
