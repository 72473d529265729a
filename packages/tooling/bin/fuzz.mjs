// `pnpm fuzz [--runs 1000000] [--seed 1] [--only frontend,backend,duet]`: random, mutated and truncated conversations
// against the machines of postgres-protocol. A failure prints its seed; `--seed <seed> --runs 1` repeats it.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { root } from '../src/bootstrap.mjs';
import { bundleSource } from '../src/bundle.mjs';

const STALL_MS = 30_000;
const MAX_FAILURES = 10;
const PROGRESS_MS = 5_000;
/** What the heap may grow by from the first tenth of the runs to the last: code, which comes in the first thousands. */
const MAX_GROWTH_BYTES = 4 * 2 ** 20;
const MIN_RUNS_FOR_GROWTH = 10_000;

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  options: {
    runs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: 'frontend,backend,duet' },
  },
});
const [runs, seed] = [values.runs, values.seed].map(Number);
if (!(Number.isSafeInteger(runs) && runs > 0)) fail(`expected --runs of 1 or more, got ${values.runs}`);
if (!Number.isSafeInteger(seed)) fail(`expected an integer as --seed, got ${values.seed}`);
const only = values.only.split(',');

const dir = mkdtempSync(join(tmpdir(), 'millrace-fuzz-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
const bundle = join(dir, 'fuzz.mjs');
await bundleSource(join(root, 'packages/postgres-protocol/test/fuzz/index.ts'), bundle);
const module = pathToFileURL(bundle).href;
const workers = Math.min(cpus().length, runs);
const share = Math.ceil(runs / workers);
const results = await Promise.all(
  Array.from({ length: workers }, (_, i) =>
    fuzz({ module, only, first: seed + i * share, runs: Math.min(share, runs - i * share) }),
  ),
);
report(results);

/** Runs a share of the seeds on a thread of its own. */
function fuzz(workerData) {
  return new Promise((resolve) => {
    const worker = new Worker(new URL('../src/fuzz-worker.mjs', import.meta.url), { workerData });
    const failures = [];
    let last = { done: 0, seed: workerData.first, fuzzer: '' };
    let stalled;
    const watch = () => {
      clearTimeout(stalled);
      stalled = setTimeout(() => {
        failures.push(`no end in ${STALL_MS / 1000} s: ${last.fuzzer}, a seed from ${last.seed} on`);
        void worker.terminate();
      }, STALL_MS);
    };
    watch();
    worker.on('message', (message) => {
      watch();
      if (message.failure === undefined) last = message;
      else failures.push(message.failure);
      if (failures.length >= MAX_FAILURES) void worker.terminate();
    });
    worker.on('error', (error) => failures.push(error.stack));
    worker.on('exit', () => {
      clearTimeout(stalled);
      resolve({ ...last, runs: workerData.runs, failures });
    });
    if (process.stderr.isTTY) setInterval(() => process.stderr.write(`\r${last.done} runs `), PROGRESS_MS).unref();
  });
}

function report(results) {
  const tally = new Map();
  for (const result of results)
    for (const [name, times] of result.tally ?? []) tally.set(name, (tally.get(name) ?? 0) + times);
  for (const [name, times] of [...tally].sort()) console.log(`${String(times).padStart(9)}  ${name}`);
  const failures = results.flatMap((result) => result.failures);
  for (const { heapBytes = [], runs: own } of results) {
    const [early = 0, late = 0] = heapBytes;
    console.log(`heap after ${Math.ceil(own / 10)} runs ${mebibytes(early)}, after ${own} runs ${mebibytes(late)}`);
    const isFlat = own < MIN_RUNS_FOR_GROWTH || late - early <= MAX_GROWTH_BYTES;
    if (!isFlat) failures.push(`the heap has grown from ${mebibytes(early)} to ${mebibytes(late)}`);
  }
  const done = results.reduce((sum, result) => sum + result.done, 0);
  console.log(`${done} runs of ${only.join(', ')} from seed ${seed}: ${failures.length} failures`);
  for (const failure of failures) console.error(`\n${failure}`);
  if (failures.length > 0 || done < runs) process.exitCode = 1;
}

function mebibytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
