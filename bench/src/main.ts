import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { modules } from './catalogue.js';
import type { Benchmark } from './kit/contender.js';
import { measureAllocationInOwnProcess, timeInOwnProcess } from './kit/own-process.js';
import { markdown, missed, report } from './kit/report.js';
import { toResult, type Result } from './kit/result.js';
import { timeRounds } from './kit/rounds.js';
import { parseOptions } from './options.js';

const DEFAULT_ROUNDS = 11;

const options = parseOptions(process.argv.slice(2));
const machine = `Node ${process.version}, ${process.platform}-${process.arch}, ${cpus()[0]?.model.trim() ?? 'unknown CPU'}`;
const results: Result[] = [];
let failures = 0;

async function runOne(module: string, benchmark: Benchmark): Promise<Result> {
  const rounds = options.rounds ?? benchmark.rounds ?? DEFAULT_ROUNDS;
  if (benchmark.ownProcess !== true) {
    return toResult(benchmark, await timeRounds(benchmark, rounds), [], options.by);
  }
  const task = { module, benchmark: benchmark.name, rounds };
  const timings = await timeInOwnProcess(task);
  return toResult(benchmark, timings, await measureAllocationInOwnProcess(task), options.by);
}

if (!options.list) console.log(`${machine}; x: times by the first row's, at the 20th percentile; heap B: allocated`);
for (const [name, load] of Object.entries(modules)) {
  const { benchmarks, start } = await load();
  const chosen = benchmarks.filter((b) => b.name.includes(options.only) && (options.full || b.isExtra !== true));
  if (options.list) {
    for (const benchmark of chosen) console.log(`${benchmark.name}: ${benchmark.title}`);
    continue;
  }
  const shared = chosen.some((b) => b.ownProcess !== true) ? await start?.() : undefined;
  for (const benchmark of chosen) {
    try {
      const result = await runOne(name, benchmark);
      results.push(result);
      console.log(`\n${report(result)}`);
    } catch (error) {
      failures += 1;
      console.error(`\n${benchmark.name} failed:`, error);
    }
  }
  await shared?.[Symbol.asyncDispose]();
}
if (!options.list) console.log(`\n${missed(results)}`);
if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify({ machine, results }, null, 2)}\n`);
if (options.markdown !== undefined) {
  await writeFile(options.markdown, [`${machine}\n`, ...results.map(markdown)].join('\n'));
}
process.exitCode = failures > 0 ? 1 : 0;
