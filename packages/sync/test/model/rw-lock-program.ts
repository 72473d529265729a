import type { Program, Step } from '@millrace/testkit';
import { RWLock } from '../../src/index.js';
import { abort, checkFifo, expectEqual, isLease, mayFail, release, World } from './world.js';

export class RWLockWorld extends World {
  readonly lock: RWLock = new RWLock({ timers: this.clock });
}

type Letter =
  'read' | 'readSignal' | 'write' | 'writeSoon' | 'writeSignal' | 'tryRead' | 'tryWrite' | 'release' | 'abort';

export const rwLockSteps: Readonly<Record<Letter, Step<RWLockWorld>>> = {
  read: { name: 'read', run: ({ lock }) => lock.read() },
  readSignal: { name: 'read by signal', run: ({ lock, controller }) => lock.read({ signal: controller.signal }) },
  write: { name: 'write', run: ({ lock }) => lock.write() },
  writeSoon: { name: 'write within 5 ms', run: ({ lock }) => lock.write({ timeoutMs: 5 }) },
  writeSignal: { name: 'write by signal', run: ({ lock, controller }) => lock.write({ signal: controller.signal }) },
  tryRead: { name: 'tryRead', run: ({ lock }) => lock.tryRead() },
  tryWrite: { name: 'tryWrite', run: ({ lock }) => lock.tryWrite() },
  release: release(),
  abort: abort(),
};

export const rwLockProgram: Omit<Program<RWLockWorld>, 'tasks'> = {
  setup: () => new RWLockWorld(),
  clock: ({ clock }) => clock,
  mayFail,
  invariant: ({ lock }, run) => {
    const { readers, isWriting, waiting } = lock.stats();
    checkFifo(run.calls.filter((call) => call.name.startsWith('read') || call.name.startsWith('write')));
    if (isWriting && readers > 0) throw new Error(`${readers} read while somebody writes`);
    if (!run.isDrained) return;
    expectEqual('those who wait', waiting, run.pending.length);
    if (run.isClosed) return;
    const held = run.calls.filter((call) => isLease(call.value) && call.value.isHeld);
    const writing = held.filter((call) => /write/i.test(call.name)).length;
    expectEqual('those who write', writing, isWriting ? 1 : 0);
    expectEqual('those who read', held.length - writing, readers);
    const first = run.pending[0];
    if (first === undefined || isWriting) return;
    if (first.name.startsWith('read') || readers === 0) throw new Error(`${first.token} waits for what is free`);
  },
  close: ({ lock }) => {
    lock.close();
  },
};
