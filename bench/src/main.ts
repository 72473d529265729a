import { parseArgs } from 'node:util';
import { echoBenchmarks } from './echo/benchmarks.js';
import { frameBenchmarks } from './frames/benchmarks.js';
import type { Benchmark } from './kit/contender.js';
import { measure } from './kit/measure.js';
import { report } from './kit/report.js';
import { openPostgresBenchmarks } from './postgres/benchmarks.js';

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  options: { only: { type: 'string', default: '' }, rounds: { type: 'string', default: '11' } },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1)
  throw new RangeError(`expected --rounds to be 1 or more, got ${values.rounds}`);

async function runAll(benchmarks: readonly Benchmark[]): Promise<void> {
  for (const benchmark of benchmarks) {
    if (!benchmark.name.includes(values.only)) continue;
    console.log(`\n${report(benchmark, await measure(benchmark, rounds))}`);
  }
}

console.log(`Node ${process.version}, ${process.platform}-${process.arch}; the first row of each table is 1.00`);
await runAll(frameBenchmarks);
await runAll(echoBenchmarks);
if (values.only === '' || 'postgres'.includes(values.only) || values.only.startsWith('postgres')) {
  await using group = await openPostgresBenchmarks();
  await runAll(group.benchmarks);
}
