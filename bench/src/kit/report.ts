import Table from 'cli-table3';
import type { Benchmark } from './contender.js';
import { quartiles, type Result } from './measure.js';

/** A table of one benchmark. Ratios are the medians of the rounds' own ratios to the first contender. */
export function report(benchmark: Benchmark, results: readonly Result[]): string {
  const rounds = results[0]?.samples.length ?? 0;
  const table = new Table({
    head: [benchmark.operation, 'time (IQR)', 'x', 'CPU (IQR)', 'x'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  const baseline = results[0]?.samples ?? [];
  for (const { contender, samples } of results) {
    const ratio = (of: 'elapsedNs' | 'cpuNs'): string =>
      quartiles(samples.map((sample, i) => sample[of] / (baseline[i]?.[of] ?? NaN))).median.toFixed(2);
    const cell = (of: 'elapsedNs' | 'cpuNs'): string => {
      const { low, median, high } = quartiles(samples.map((sample) => sample[of]));
      return `${duration(median)} (${duration(low)} .. ${duration(high)})`;
    };
    table.push([contender, cell('elapsedNs'), ratio('elapsedNs'), cell('cpuNs'), ratio('cpuNs')]);
  }
  return `${benchmark.name}: median of ${rounds} interleaved rounds of ${benchmark.count.toLocaleString('en')}\n${table.toString()}`;
}

function duration(ns: number): string {
  if (ns < 1000) return `${ns.toFixed(1)} ns`;
  if (ns < 1e6) return `${(ns / 1000).toFixed(2)} us`;
  return `${(ns / 1e6).toFixed(2)} ms`;
}
