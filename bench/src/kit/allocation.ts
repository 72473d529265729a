import type { Benchmark, Contender } from './contender.js';
import { wholeBatches } from './rounds.js';

/** Bytes per operation. */
export interface Allocation {
  readonly contender: string;
  /** What the heap grew by between two collections. */
  readonly heapBytes: number;
  /** What array buffers grew by. */
  readonly offHeapBytes: number;
  /** What the heap still held after a collection. */
  readonly retainedBytes: number;
}

/** Node's flags for a process in which the heap grows undisturbed. */
export const ALLOCATION_FLAGS: readonly string[] = ['--max-semi-space-size=256', '--min-semi-space-size=256'];

const DEFAULT_COUNT = 1_000_000;
/** The young generation holds 256 MiB in such a process: a slice that stays well below is not collected. */
const SLICE_BYTES = 48 * 1024 * 1024;
const MAX_SLICES = 200;
const MAX_SECONDS = 4;

/**
 * Measures what each contender allocates: the growth of the heap over slices of operations between which the garbage is
 * collected. A slice in which the heap shrank was collected and does not count.
 *
 * @throws {Error} Without `--expose-gc`.
 */
export async function measureAllocation(benchmark: Benchmark): Promise<Allocation[]> {
  const contenders = await benchmark.open();
  try {
    const results: Allocation[] = [];
    for (const contender of contenders) results.push(await measureOne(benchmark, contender));
    return results;
  } finally {
    for (const contender of contenders) await contender.close?.();
  }
}

async function measureOne(benchmark: Benchmark, contender: Contender): Promise<Allocation> {
  const { batch = 1, allocationCount = DEFAULT_COUNT } = benchmark;
  const warmUp = wholeBatches(Math.min(benchmark.count, allocationCount), batch);
  await contender.run(warmUp);
  await contender.run(warmUp);
  const trial = await slice(contender, wholeBatches(Math.min(10_000, benchmark.count), batch));
  const bytes = Math.max(trial.heap + trial.offHeap, 0) / trial.count;
  const sliceCount = wholeBatches(Math.min(allocationCount, SLICE_BYTES / Math.max(bytes, 1e-3)), batch);
  const total = { count: 0, heap: 0, offHeap: 0 };
  let done = 0;
  const { heap: before } = collected();
  const started = process.hrtime.bigint();
  for (let i = 0; i < MAX_SLICES && done < allocationCount; i++) {
    const { count, heap, offHeap } = await slice(contender, sliceCount);
    done += count;
    if (heap < -1024) continue;
    total.count += count;
    total.heap += heap;
    total.offHeap += offHeap;
    if (Number(process.hrtime.bigint() - started) > MAX_SECONDS * 1e9) break;
  }
  const { heap: after } = collected();
  return {
    contender: contender.name,
    heapBytes: total.heap / total.count,
    offHeapBytes: total.offHeap / total.count,
    retainedBytes: (after - before) / done,
  };
}

async function slice(contender: Contender, count: number): Promise<{ count: number; heap: number; offHeap: number }> {
  const before = collected();
  const running = contender.run(count);
  if (running !== undefined) await running;
  const after = process.memoryUsage();
  return { count, heap: after.heapUsed - before.heap, offHeap: after.arrayBuffers - before.offHeap };
}

function collected(): { heap: number; offHeap: number } {
  if (globalThis.gc === undefined) throw new Error('expected node --expose-gc');
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed, offHeap: arrayBuffers };
}
