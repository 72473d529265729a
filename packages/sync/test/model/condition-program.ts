import type { Call, Program, Run, Step, Task } from '@millrace/testkit';
import type { Op } from '@millrace/timeouts';
import { Condition, Lock, SyncClosedError } from '../../src/index.js';
import type { Lease } from '../../src/index.js';
import { abort, checkFifo, expectEqual, leaseOf, mayFail, World } from './world.js';

type Leases = Map<number, Lease>;

export class ConditionWorld extends World {
  readonly lock: Lock = new Lock({ timers: this.clock });
  readonly condition: Condition = new Condition(this.lock, { timers: this.clock });
  /** The leases with which tasks have waited; a wait that is called off gives none back. */
  readonly leases: Leases = new Map();
  /** How many of those who waited were notified. */
  notified = 0;
}

const TOO_LATE = 'somebody else had the lock';

/** Waits with the lease that the task has, or with one that it can have at once. */
async function waitOn(world: ConditionWorld, task: Task, op?: Op): Promise<string> {
  const lease = ownLease(world, task) ?? world.lock.tryLock();
  if (lease === undefined) return TOO_LATE;
  world.leases.set(task.index, lease);
  try {
    await world.condition.wait(lease, op);
  } catch (error) {
    if (error instanceof SyncClosedError) throw error;
    if (!lease.isHeld) throw new Error('the wait was called off, and ended without the lock', { cause: error });
    throw error;
  }
  if (!lease.isHeld) throw new Error('the wait ended without the lock');
  return 'notified';
}

function ownLease(world: ConditionWorld, task: Task): Lease | undefined {
  const lease = world.leases.get(task.index);
  return lease?.isHeld === true ? lease : leaseOf(task);
}

function notify(world: ConditionWorld, count: number): void {
  world.notified += Math.min(count, world.condition.stats().waiting);
  world.condition.notify(count);
}

type Letter = 'lock' | 'wait' | 'waitSoon' | 'waitSignal' | 'notify' | 'notifyAll' | 'release' | 'abort';

export const conditionSteps: Readonly<Record<Letter, Step<ConditionWorld>>> = {
  lock: { name: 'lock', run: ({ lock }) => lock.lock() },
  wait: { name: 'wait', run: waitOn },
  waitSoon: { name: 'wait within 5 ms', run: (world, task) => waitOn(world, task, { timeoutMs: 5 }) },
  waitSignal: {
    name: 'wait by signal',
    run: (world, task) => waitOn(world, task, { signal: world.controller.signal }),
  },
  notify: {
    name: 'notify',
    run: (world) => {
      notify(world, 1);
    },
  },
  notifyAll: {
    name: 'notifyAll',
    run: (world) => {
      notify(world, Infinity);
    },
  },
  release: { name: 'release', run: (world, task) => ownLease(world, task)?.release() },
  abort: abort(),
};

const isWait = (call: Call): boolean => call.name.startsWith('wait');

/** Nothing lost, nothing doubled: each notification ended one wait, or there was nobody left to hand it on to. */
function checkNotifications(world: ConditionWorld, run: Run): void {
  const delivered = run.calls.filter((call) => call.value === 'notified').length;
  const waits = run.pending.filter(isWait);
  if (!run.calls.some((call) => call.name.startsWith('wait '))) {
    // Nobody can have been called off: whoever is not in line any more was notified.
    const onTheWay = waits.length - world.condition.stats().waiting;
    expectEqual('those who were notified', delivered + onTheWay, world.notified);
  }
  // Once nobody is on the way back to the lock, those who wait are in line.
  if (delivered >= world.notified || world.lock.stats().waiting > 0) return;
  const last = run.calls.findLast((call) => call.name.startsWith('notify'))?.madeAt ?? -1;
  const left = waits.find((call) => call.madeAt < last);
  if (left !== undefined) throw new Error(`a notification is lost, and ${left.token} ${left.name} still waits`);
}

export const conditionProgram: Omit<Program<ConditionWorld>, 'tasks'> = {
  setup: () => new ConditionWorld(),
  clock: ({ clock }) => clock,
  mayFail,
  invariant: (world, run) => {
    const { isLocked, waiting } = world.lock.stats();
    if (waiting > 0 && !isLocked) throw new Error('the lock is free, and somebody waits for it');
    checkFifo(run.calls.filter((call) => call.name === 'lock'));
    if (!run.isDrained) return;
    expectEqual('those who wait', waiting + world.condition.stats().waiting, run.pending.length);
    if (!run.isClosed) checkNotifications(world, run);
  },
  close: ({ lock }) => {
    lock.close();
  },
};
