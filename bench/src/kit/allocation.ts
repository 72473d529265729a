import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark, Contender } from './contender.js';
import { wholeBatches } from './rounds.js';
import { quantile } from './statistics.js';

/** Bytes per operation. */
export interface Allocation {
  readonly contender: string;
  /** What the heap grew by between two collections. */
  readonly heapBytes: number;
  /** What array buffers grew by. */
  readonly offHeapBytes: number;
  /** What the heap still held after a collection; less than 512 KiB in all counts as nothing. */
  readonly retainedBytes: number;
}

/** Node's flags for a process in which the heap grows undisturbed. */
export const ALLOCATION_FLAGS: readonly string[] = ['--max-semi-space-size=256', '--min-semi-space-size=256'];

const DEFAULT_COUNT = 1_000_000;
/** The young generation holds 256 MiB in such a process: a slice that stays well below is not collected. */
const SLICE_BYTES = 48 * 1024 * 1024;
const MIN_SLICES = 8;
/** Code that is still being optimised allocates. */
const WARM_SECONDS = 0.3;
const MAX_WARM_UPS = 20;
const MAX_SECONDS = 4;
/** What the engine itself may keep meanwhile. */
const NOISE_BYTES = 512 * 1024;

interface Slice {
  readonly count: number;
  readonly heap: number;
  readonly offHeap: number;
  /** Whether garbage was collected meanwhile, so that the growth is too small. */
  readonly isDisturbed: boolean;
}

/**
 * Measures what each contender allocates: the growth of the heap over slices of operations in which no garbage was
 * collected, at the 20th percentile: the optimiser, too, allocates now and then.
 *
 * @throws {Error} Without `--expose-gc`.
 */
export async function measureAllocation(benchmark: Benchmark): Promise<Allocation[]> {
  let collections = 0;
  const observer = new PerformanceObserver((list) => (collections += list.getEntries().length));
  observer.observe({ entryTypes: ['gc'] });
  const contenders = await benchmark.open();
  try {
    const results: Allocation[] = [];
    for (const contender of contenders) results.push(await measureOne(benchmark, contender, () => collections));
    return results;
  } finally {
    observer.disconnect();
    for (const contender of contenders) await contender.close?.();
  }
}

async function measureOne(benchmark: Benchmark, contender: Contender, collections: () => number): Promise<Allocation> {
  const { batch = 1, allocationCount = DEFAULT_COUNT } = benchmark;
  const warmUp = wholeBatches(Math.min(benchmark.count, allocationCount), batch);
  const warm = process.hrtime.bigint();
  for (let i = 0; i < MAX_WARM_UPS && (i < 2 || Number(process.hrtime.bigint() - warm) < WARM_SECONDS * 1e9); i++) {
    await contender.run(warmUp);
  }
  const trial = await runSlice(contender, wholeBatches(Math.min(10_000, benchmark.count), batch), collections);
  const trialBytes = Math.max(trial.heap + trial.offHeap, 0) / trial.count;
  let count = Math.min(allocationCount / MIN_SLICES, SLICE_BYTES / Math.max(trialBytes, Number.MIN_VALUE));
  const slices: Slice[] = [];
  let done = 0;
  const { heap: before } = collected();
  const started = process.hrtime.bigint();
  while (done < allocationCount || slices.length < MIN_SLICES) {
    const slice = await runSlice(contender, wholeBatches(count, batch), collections);
    slices.push(slice);
    done += slice.count;
    if (slice.isDisturbed) count /= 2;
    if (Number(process.hrtime.bigint() - started) > MAX_SECONDS * 1e9) break;
  }
  const retained = collected().heap - before;
  const undisturbed = slices.filter((slice) => !slice.isDisturbed);
  const counted = undisturbed.length > 0 ? undisturbed : slices;
  return {
    contender: contender.name,
    heapBytes: quantile(
      counted.map((slice) => slice.heap / slice.count),
      0.5,
    ),
    offHeapBytes: quantile(
      counted.map((slice) => slice.offHeap / slice.count),
      0.5,
    ),
    retainedBytes: retained < NOISE_BYTES ? 0 : retained / done,
  };
}

async function runSlice(contender: Contender, count: number, collections: () => number): Promise<Slice> {
  collected();
  await delay(1); // entries of the observer come with the next turns
  const collectionsBefore = collections();
  const before = process.memoryUsage();
  const running = contender.run(count);
  if (running !== undefined) await running;
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  await delay(1);
  const isDisturbed = collections() !== collectionsBefore;
  return { count, heap: heapUsed - before.heapUsed, offHeap: arrayBuffers - before.arrayBuffers, isDisturbed };
}

function collected(): { heap: number; offHeap: number } {
  if (globalThis.gc === undefined) throw new Error('expected node --expose-gc');
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed, offHeap: arrayBuffers };
}
