// What a process of its own does: one benchmark, then it tells its parent the result and ends.
import { modules } from './catalogue.js';
import { measureAllocation } from './kit/allocation.js';
import type { Task } from './kit/own-process.js';
import { timeRounds } from './kit/rounds.js';

const task = JSON.parse(process.argv[2] ?? '{}') as Task;
const load = modules[task.module];
if (load === undefined) throw new Error(`no module named ${task.module} in the catalogue`);
const { benchmarks, start } = await load();
const benchmark = benchmarks.find((b) => b.name === task.benchmark);
if (benchmark === undefined) throw new Error(`${task.module} has no benchmark named ${task.benchmark}`);
const shared = await start?.();
const result = task.rounds > 0 ? await timeRounds(benchmark, task.rounds) : await measureAllocation(benchmark);
await shared?.[Symbol.asyncDispose]();
process.send?.(result, () => process.exit());
