import type { Call, Program, Step } from '@millrace/testkit';
import { Semaphore } from '../../src/index.js';
import { abort, checkFifo, expectEqual, isLease, mayFail, release, World } from './world.js';

/** Three permits: enough for 1 + 2, and not for 2 + 2. */
export class SemaphoreWorld extends World {
  readonly semaphore: Semaphore = new Semaphore(3, { timers: this.clock });
}

type Letter = 'acquire1' | 'acquire2' | 'acquire3Soon' | 'acquire2Signal' | 'tryAcquire2' | 'release' | 'abort';

export const semaphoreSteps: Readonly<Record<Letter, Step<SemaphoreWorld>>> = {
  acquire1: { name: 'acquire 1', run: ({ semaphore }) => semaphore.acquire(1) },
  acquire2: { name: 'acquire 2', run: ({ semaphore }) => semaphore.acquire(2) },
  acquire3Soon: { name: 'acquire 3 within 5 ms', run: ({ semaphore }) => semaphore.acquire(3, { timeoutMs: 5 }) },
  acquire2Signal: {
    name: 'acquire 2 by signal',
    run: ({ semaphore, controller }) => semaphore.acquire(2, { signal: controller.signal }),
  },
  tryAcquire2: { name: 'tryAcquire 2', run: ({ semaphore }) => semaphore.tryAcquire(2) },
  release: release(),
  abort: abort(),
};

const weightOf = (call: Call): number => Number(/\d/.exec(call.name)?.[0]);

export const semaphoreProgram: Omit<Program<SemaphoreWorld>, 'tasks'> = {
  setup: () => new SemaphoreWorld(),
  clock: ({ clock }) => clock,
  mayFail,
  invariant: ({ semaphore }, run) => {
    const { available, waiting } = semaphore.stats();
    const waits = run.calls.filter((call) => call.name.startsWith('acquire'));
    checkFifo(waits);
    if (available < 0 || available > 3) throw new Error(`${available} permits are left of 3`);
    if (!run.isDrained) return;
    expectEqual('those who wait', waiting, run.pending.length);
    const first = run.pending[0];
    if (first !== undefined && weightOf(first) <= available) throw new Error(`${first.token} waits for what is there`);
    if (run.isClosed) return;
    const held = run.calls.filter((call) => isLease(call.value) && call.value.isHeld);
    const weight = held.reduce((sum, call) => sum + weightOf(call), 0);
    expectEqual('permits', available + weight, 3);
  },
  close: ({ semaphore }) => {
    semaphore.close();
  },
};
