// All programs of up to four steps in up to three tasks, in all their orders. The letters that a step can be are printed
// with the counts. MILLRACE_EXPLORE_DEPTH=6 asks for longer programs, and takes its time.
import { everyProgram, explore } from '@millrace/testkit';
import type { Program, Step } from '@millrace/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conditionProgram, conditionSteps as condition } from './model/condition-program.js';
import { lockProgram, lockSteps as lock } from './model/lock-program.js';
import { rwLockProgram, rwLockSteps as rwLock } from './model/rw-lock-program.js';
import { scopeProgram, scopeSteps as scope } from './model/scope-program.js';
import { semaphoreProgram, semaphoreSteps as semaphore } from './model/semaphore-program.js';

const environment = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env;
const DEPTH = Number(environment?.['MILLRACE_EXPLORE_DEPTH'] ?? 4);
const TASKS = 3;
const DAY_MS = 86_400_000;

/** How many programs of up to `depth` steps in up to three tasks there are with `k` letters, counted without writing them. */
function countPrograms(k: number, depth: number): number {
  /** Ways to choose `n` of `count` things, of which each may be chosen again. */
  const multisets = (count: number, n: number): number =>
    Array.from({ length: n }, (_, i) => (count + i) / (i + 1)).reduce((product, factor) => product * factor, 1);
  let sum = 0;
  for (let a = 1; a <= depth; a++) {
    for (let b = 0; b <= a; b++) {
      for (let c = 0; c <= b; c++) {
        if (a + b + c > depth) continue;
        const lengths = [a, b, c].filter((length) => length > 0);
        const ways = [...new Set(lengths)].map((length) =>
          multisets(k ** length, lengths.filter((other) => other === length).length),
        );
        sum += Math.round(ways.reduce((product, way) => product * way, 1));
      }
    }
  }
  return sum;
}

function exhaust<S>(
  name: string,
  program: Omit<Program<S>, 'tasks'>,
  alphabet: readonly Step<S>[],
  depth: number,
): void {
  const letters = alphabet.map((step) => step.name);
  test(`${name}: up to ${depth} of ${letters.join(', ')}`, { timeout: depth > 4 ? DAY_MS : 120_000 }, async () => {
    let programs = 0;
    let schedules = 0;
    let states = 0;
    for (const tasks of everyProgram(alphabet, { operations: depth, tasks: TASKS })) {
      const explored = await explore({ ...program, tasks }, { symmetric: true, maxSchedules: Infinity });
      programs++;
      schedules += explored.schedules;
      states += explored.states;
    }
    const figures = [programs, schedules, states].map((count) => String(count).padStart(9));
    console.log(
      `${name.padEnd(9)} ${letters.length} letters, up to ${depth} steps: programs, schedules, states ${figures.join('')}`,
    );
    expect(programs).toBe(countPrograms(letters.length, depth));
  });
}

describe('every program, in every order', () => {
  // A third of the time would go into the stacks of a hundred thousand timeouts.
  const limit = Error.stackTraceLimit;
  beforeAll(() => {
    Error.stackTraceLimit = 0;
  });
  afterAll(() => {
    Error.stackTraceLimit = limit;
  });

  exhaust('lock', lockProgram, Object.values(lock), DEPTH);
  exhaust('semaphore', semaphoreProgram, Object.values(semaphore), DEPTH);
  exhaust('RWLock', rwLockProgram, Object.values(rwLock), DEPTH - 1);
  exhaust('condition', conditionProgram, Object.values(condition), DEPTH);
  // Ten letters make four times as many programs as seven.
  const { race, raceInner, listen, settle, cancel, extend } = scope;
  exhaust('scope', scopeProgram('scope'), [race, raceInner, listen, settle, cancel, extend, scope.abort], DEPTH);
  exhaust('scope', scopeProgram('signal'), Object.values(scope), DEPTH - 1);
});
