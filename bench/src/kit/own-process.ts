import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ALLOCATION_FLAGS, type Allocation } from './allocation.js';
import type { Timing } from './rounds.js';

/** What a process of its own is asked for. */
export interface Task {
  /** Key in the catalogue. */
  readonly module: string;
  readonly benchmark: string;
  /** Rounds to time, or 0 to measure allocation. */
  readonly rounds: number;
}

/** Node as it comes, but code that only one contender runs is not thrown away while the others have their turns. */
const FLAGS = ['--expose-gc', '--no-flush-bytecode'];

/** Times the rounds of a benchmark in a fresh process. */
export async function timeInOwnProcess(task: Task): Promise<Timing[]> {
  return (await inOwnProcess(task, FLAGS)) as Timing[];
}

/** Measures the allocation of a benchmark in a fresh process with a large young generation. */
export async function measureAllocationInOwnProcess(task: Omit<Task, 'rounds'>): Promise<Allocation[]> {
  return (await inOwnProcess({ ...task, rounds: 0 }, [...FLAGS, ...ALLOCATION_FLAGS])) as Allocation[];
}

function inOwnProcess(task: Task, execArgv: string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('../run-task.js', import.meta.url)), [JSON.stringify(task)], { execArgv });
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      reject(
        new Error(`the process of ${task.benchmark} ended without a result: ${signal ?? `exit code ${code ?? ''}`}`),
      );
    });
  });
}
