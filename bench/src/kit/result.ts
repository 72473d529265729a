import type { Allocation } from './allocation.js';
import type { Benchmark } from './contender.js';
import { splitCpu, type CpuSplit } from './cpu-split.js';
import type { Timing } from './rounds.js';
import { summarise, type Summary } from './statistics.js';
import { judge, type Verdict } from './targets.js';

/** One row of a table, as it is printed and written to JSON. Times are nanoseconds per operation. */
export interface Row {
  readonly contender: string;
  readonly time: Summary;
  readonly cpu: Summary;
  /** Times of this row by those of the first one, at the 20th percentile. */
  readonly timeRatio: number;
  readonly cpuRatio: number;
  /** Where the benchmark splits CPU. */
  readonly split?: CpuSplit;
  /** What was counted, `allocated B`, `off-heap B` and `retained B` per operation among it. */
  readonly counters: Readonly<Record<string, number>>;
}

export interface Result {
  readonly name: string;
  readonly title: string;
  readonly operation: string;
  readonly count: number;
  readonly rounds: number;
  readonly rows: readonly Row[];
  readonly targets: readonly Verdict[];
}

/**
 * Puts together what the rounds and the measurement of allocation gave.
 *
 * @param by - What all targets of speed compare, whatever they say themselves.
 */
export function toResult(
  benchmark: Benchmark,
  timings: readonly Timing[],
  allocations: readonly Allocation[] = [],
  by?: 'time' | 'cpu',
): Result {
  const baseline = timings[0];
  if (baseline === undefined) throw new Error(`${benchmark.name} has no contender`);
  const firstTime = summarise(baseline.samples.map((s) => s.elapsedNs));
  const firstCpu = summarise(baseline.samples.map((s) => s.cpuNs));
  const rows = timings.map(({ contender, samples, counters }): Row => {
    const time = summarise(samples.map((s) => s.elapsedNs));
    const cpu = summarise(samples.map((s) => s.cpuNs));
    const allocation = allocations.find((a) => a.contender === contender);
    return {
      contender,
      time,
      cpu,
      timeRatio: time.p20 / firstTime.p20,
      cpuRatio: cpu.p20 / firstCpu.p20,
      ...(benchmark.splitsCpu === true ? { split: splitCpu(samples, baseline.samples) } : {}),
      counters: { ...counters, ...(allocation === undefined ? {} : allocationCounters(allocation)) },
    };
  });
  const { name, title, operation, count, targets = [] } = benchmark;
  const rounds = baseline.samples.length;
  return { name, title, operation, count, rounds, rows, targets: targets.map((target) => judge(target, rows, by)) };
}

function allocationCounters({ heapBytes, offHeapBytes, retainedBytes }: Allocation): Record<string, number> {
  return { 'allocated B': heapBytes, 'off-heap B': offHeapBytes, 'retained B': retainedBytes };
}
