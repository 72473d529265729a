import type { Program, Step } from '@millrace/testkit';
import { Lock } from '../../src/index.js';
import { abort, checkFifo, expectEqual, heldLeases, leaseOf, mayFail, release, World } from './world.js';

export class LockWorld extends World {
  readonly lock: Lock = new Lock({ timers: this.clock });
}

type Letter = 'lock' | 'lockSoon' | 'lockSignal' | 'tryLock' | 'release' | 'releaseTwice' | 'abort' | 'close';

export const lockSteps: Readonly<Record<Letter, Step<LockWorld>>> = {
  lock: { name: 'lock', run: ({ lock }) => lock.lock() },
  lockSoon: { name: 'lock within 5 ms', run: ({ lock }) => lock.lock({ timeoutMs: 5 }) },
  lockSignal: { name: 'lock by signal', run: ({ lock, controller }) => lock.lock({ signal: controller.signal }) },
  tryLock: { name: 'tryLock', run: ({ lock }) => lock.tryLock() },
  release: release(),
  releaseTwice: {
    name: 'release twice',
    run: (_, task) => {
      const lease = leaseOf(task);
      lease?.release();
      lease?.release();
    },
  },
  abort: abort(),
  close: {
    name: 'close',
    run: ({ lock }) => {
      lock.close();
    },
  },
};

const isWait = (name: string): boolean => name.startsWith('lock');

export const lockProgram: Omit<Program<LockWorld>, 'tasks'> = {
  setup: () => new LockWorld(),
  clock: ({ clock }) => clock,
  mayFail,
  mayWait: (_, { lock }) => lock.isLocked,
  invariant: ({ lock }, run) => {
    const { isLocked, waiting } = lock.stats();
    if (waiting > 0 && !isLocked) throw new Error('the lock is free, and somebody waits for it');
    checkFifo(run.calls.filter((call) => isWait(call.name)));
    if (!run.isDrained) return;
    expectEqual('those who wait', waiting, run.pending.length);
    const isClosed = run.isClosed || run.calls.some((call) => call.name === 'close');
    if (!isClosed) expectEqual('those who hold', heldLeases(run).length, isLocked ? 1 : 0);
  },
  close: ({ lock }) => {
    lock.close();
  },
};
