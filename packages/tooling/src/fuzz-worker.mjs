// One thread of `pnpm fuzz`.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';

const PER_MESSAGE = 500;

process.setSourceMapsEnabled(true);
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const { module, only, first, runs } = workerData;
const { FUZZERS } = await import(module);
const fuzzers = only.map((name) => {
  if (FUZZERS[name] === undefined)
    throw new Error(`expected --only of ${Object.keys(FUZZERS).join(', ')}, got ${name}`);
  return [name, FUZZERS[name]];
});

const tally = new Map();
const heapBytes = [];
for (let i = 0; i < runs; i++) {
  const seed = first + i;
  const [name, fuzzer] = fuzzers[i % fuzzers.length];
  try {
    fuzzer(seed, tally);
  } catch (error) {
    parentPort.postMessage({ failure: `${name}: ${error.stack}\n${error.cause?.stack ?? ''}` });
  }
  if (i + 1 === Math.ceil(runs / 10) || i + 1 === runs) heapBytes.push(heapUsed());
  if (i % PER_MESSAGE === 0) parentPort.postMessage({ done: i, seed, fuzzer: name });
}
parentPort.postMessage({ done: runs, seed: first + runs, fuzzer: '', tally, heapBytes });

function heapUsed() {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
