import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark, Contender } from './contender.js';

export interface Sample {
  readonly elapsedNs: number;
  readonly cpuNs: number;
}

export interface Result {
  readonly contender: string;
  readonly samples: readonly Sample[];
}

/** Runs all contenders in turn, round after round, the order rotating, so that a noisy neighbour hits them alike. */
export async function measure(benchmark: Benchmark, rounds: number): Promise<Result[]> {
  const contenders = await benchmark.open();
  try {
    const samples = new Map<Contender, Sample[]>(contenders.map((c) => [c, []]));
    for (const contender of contenders) await contender.run(Math.ceil(benchmark.count / 2)); // warms up
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < contenders.length; i++) {
        const contender = contenders[(round + i) % contenders.length];
        if (contender !== undefined) samples.get(contender)?.push(await once(contender, benchmark.count));
      }
    }
    return contenders.map((c) => ({ contender: c.name, samples: samples.get(c) ?? [] }));
  } finally {
    for (const contender of contenders) await contender.close?.();
  }
}

async function once(contender: Contender, count: number): Promise<Sample> {
  const cpu = contender.cpuMicros?.bind(contender) ?? ownCpuMicros;
  (globalThis as { gc?: () => void }).gc?.();
  await delay(1);
  const cpuBefore = await cpu();
  const before = process.hrtime.bigint();
  await contender.run(count);
  const elapsedNs = Number(process.hrtime.bigint() - before) / count;
  return { elapsedNs, cpuNs: (((await cpu()) - cpuBefore) * 1000) / count };
}

function ownCpuMicros(): Promise<number> {
  const { user, system } = process.cpuUsage();
  return Promise.resolve(user + system);
}

/** Quartiles by linear interpolation. */
export function quartiles(values: readonly number[]): { low: number; median: number; high: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number): number => {
    const index = q * (sorted.length - 1);
    const floor = sorted[Math.floor(index)] ?? NaN;
    return floor + (index % 1) * ((sorted[Math.ceil(index)] ?? floor) - floor);
  };
  return { low: at(0.25), median: at(0.5), high: at(0.75) };
}
