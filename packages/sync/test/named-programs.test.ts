// Programs of six steps that are like what people write, or like what has gone wrong elsewhere, in all their orders,
// with all microtasks, none, or one round of them between two steps.
import { explore } from '@millrace/testkit';
import type { Program, Step } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { conditionProgram, conditionSteps } from './model/condition-program.js';
import { lockProgram, lockSteps } from './model/lock-program.js';
import { rwLockProgram, rwLockSteps } from './model/rw-lock-program.js';
import { scopeProgram, scopeSteps } from './model/scope-program.js';
import { semaphoreProgram, semaphoreSteps } from './model/semaphore-program.js';

/** `tasks` has the steps of each task, by the names of their letters. */
function check<S, L extends string>(
  primitive: string,
  program: Omit<Program<S>, 'tasks'>,
  letters: Readonly<Record<L, Step<S>>>,
  programs: Readonly<Record<string, readonly (readonly NoInfer<L>[])[]>>,
): void {
  describe(primitive, () => {
    for (const [name, tasks] of Object.entries(programs)) {
      test(name, async () => {
        const steps = tasks.map((task) => task.map((letter) => letters[letter]));
        expect(steps.flat()).toHaveLength(6);
        const print = (line: string): void => {
          console.log(line);
        };
        const { longest } = await explore(
          { ...program, name: `${primitive}, ${name}`, tasks: steps },
          { print, rounds: 1 },
        );
        expect(longest).toBeGreaterThanOrEqual(6);
      });
    }
  });
}

check('lock', lockProgram, lockSteps, {
  'three users': [
    ['lock', 'release'],
    ['lock', 'release'],
    ['lock', 'release'],
  ],
  'one gives up by signal': [
    ['lock', 'release'],
    ['lockSignal', 'release'],
    ['abort', 'lock'],
  ],
  'two are out of time': [
    ['lock', 'release'],
    ['lockSoon', 'release'],
    ['lockSoon', 'release'],
  ],
  'one that only tries': [
    ['lock', 'release'],
    ['tryLock', 'release'],
    ['lock', 'release'],
  ],
  'closed under its users': [
    ['lock', 'release'],
    ['lock', 'release'],
    ['lock', 'close'],
  ],
  'one releases twice': [
    ['lock', 'releaseTwice'],
    ['lock', 'release'],
    ['tryLock', 'release'],
  ],
  'one comes again and again': [['lock', 'release', 'lock', 'release'], ['lockSignal'], ['abort']],
});

check('semaphore', semaphoreProgram, semaphoreSteps, {
  'a heavy one is out of time': [
    ['acquire2', 'release'],
    ['acquire3Soon', 'release'],
    ['acquire1', 'release'],
  ],
  'a heavy one gives up by signal': [
    ['acquire2', 'release'],
    ['acquire2Signal', 'release'],
    ['abort', 'acquire1'],
  ],
  'three light ones': [
    ['acquire1', 'release'],
    ['acquire1', 'release'],
    ['acquire1', 'release'],
  ],
  'one that only tries': [
    ['acquire2', 'release'],
    ['tryAcquire2', 'release'],
    ['acquire3Soon', 'release'],
  ],
  'one that takes all in parts': [['acquire1', 'acquire2', 'release', 'release'], ['acquire3Soon'], ['acquire2']],
});

check('RWLock', rwLockProgram, rwLockSteps, {
  'a writer between readers': [
    ['read', 'release'],
    ['write', 'release'],
    ['read', 'release'],
  ],
  'two writers and a reader': [
    ['write', 'release'],
    ['read', 'release'],
    ['write', 'release'],
  ],
  'a writer is out of time': [
    ['read', 'release'],
    ['writeSoon', 'release'],
    ['read', 'release'],
  ],
  'a writer gives up by signal': [
    ['read', 'release'],
    ['writeSignal', 'abort'],
    ['read', 'release'],
  ],
  'those that only try': [
    ['tryWrite', 'release'],
    ['tryRead', 'release'],
    ['write', 'release'],
  ],
  'a reader gives up by signal': [
    ['write', 'release'],
    ['readSignal', 'release'],
    ['abort', 'write'],
  ],
});

check('condition', conditionProgram, conditionSteps, {
  'two notifications for two': [
    ['wait', 'release'],
    ['wait', 'release'],
    ['notify', 'notify'],
  ],
  'all are notified': [
    ['wait', 'release'],
    ['wait', 'release'],
    ['lock', 'notifyAll'],
  ],
  'one is called off when notified': [
    ['waitSignal', 'release'],
    ['wait', 'release'],
    ['notify', 'abort'],
  ],
  'one is out of time': [
    ['waitSoon', 'release'],
    ['wait', 'release'],
    ['notify', 'lock'],
  ],
  'notified by the holder': [['wait', 'release'], ['lock', 'notify', 'release'], ['waitSoon']],
  'two are out of time': [
    ['waitSoon', 'release'],
    ['waitSoon', 'release'],
    ['notify', 'notify'],
  ],
});

check('scope', scopeProgram('signal'), scopeSteps, {
  'closed or cancelled under races': [
    ['race', 'race'],
    ['settle', 'close'],
    ['cancel', 'race'],
  ],
  'extended while an inner scope waits': [
    ['raceInner', 'race'],
    ['extend', 'extend'],
    ['settle', 'cancel'],
  ],
  'sleeps until it is aborted': [
    ['sleep', 'sleep'],
    ['extend', 'abort'],
    ['race', 'settle'],
  ],
  'many who listen': [
    ['listen', 'readSignal'],
    ['cancel', 'listen'],
    ['close', 'readSignal'],
  ],
  'closed while it sleeps': [
    ['sleep', 'race'],
    ['close', 'settle'],
    ['abort', 'cancel'],
  ],
  'aborted from outside': [
    ['raceInner', 'sleep'],
    ['abort', 'settle'],
    ['listen', 'extend'],
  ],
});
