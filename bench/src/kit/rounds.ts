import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark, Contender } from './contender.js';
import { verify } from './verify.js';

/** One contender in one round, per operation. */
export interface Sample {
  readonly elapsedNs: number;
  readonly cpuNs: number;
}

export interface Timing {
  readonly contender: string;
  readonly samples: readonly Sample[];
  readonly counters: Readonly<Record<string, number>>;
}

/**
 * Verifies that the contenders agree, and then runs all of them in turn, round after round, the order rotating, so that
 * a noisy neighbour hits them alike.
 */
export async function timeRounds(benchmark: Benchmark, rounds: number): Promise<Timing[]> {
  const contenders = await benchmark.open();
  try {
    await verify(contenders);
    const count = wholeBatches(benchmark.count, benchmark.batch);
    for (const contender of [...contenders, ...contenders])
      await contender.run(wholeBatches(count / 2, benchmark.batch));
    for (const contender of contenders) contender.begin?.();
    const samples = new Map<Contender, Sample[]>(contenders.map((c) => [c, []]));
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < contenders.length; i++) {
        const contender = contenders[(round + i) % contenders.length];
        if (contender !== undefined) samples.get(contender)?.push(await timeOnce(contender, count));
      }
    }
    return contenders.map((c) => ({
      contender: c.name,
      samples: samples.get(c) ?? [],
      counters: c.counters?.() ?? {},
    }));
  } finally {
    for (const contender of contenders) await contender.close?.();
  }
}

/** Rounds a number of operations up to what the benchmark can do. */
export function wholeBatches(count: number, batch = 1): number {
  return Math.ceil(count / batch) * batch;
}

/**
 * What the contender before left behind is not to be collected at the cost of this one. A full collection would shrink
 * the young generation, and whoever allocates would pay for its growth each time: three times slower was seen.
 */
const collectYoung = globalThis.gc as ((options: { type: 'minor' }) => void) | undefined;

async function timeOnce(contender: Contender, count: number): Promise<Sample> {
  const cpu = contender.cpuMicros?.bind(contender) ?? ownCpuMicros;
  collectYoung?.({ type: 'minor' });
  await delay(1);
  const cpuBefore = await cpu();
  const before = process.hrtime.bigint();
  const running = contender.run(count);
  if (running !== undefined) await running;
  const elapsedNs = Number(process.hrtime.bigint() - before) / count;
  return { elapsedNs, cpuNs: (((await cpu()) - cpuBefore) * 1000) / count };
}

function ownCpuMicros(): Promise<number> {
  const { user, system } = process.cpuUsage();
  return Promise.resolve(user + system);
}
