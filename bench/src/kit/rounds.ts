import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark, Contender, CpuUsage } from './contender.js';
import { verify } from './verify.js';

/** One contender in one round, per operation. */
export interface Sample {
  readonly elapsedNs: number;
  readonly cpuNs: number;
  /** The part of it that was not spent in the system; only as exact as the system's ticks. */
  readonly userNs: number;
}

/** However fast, no contender does more than so many times the operations of the others. */
const MAX_TIMES = 64;

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
    const turns: Turn[] = [];
    for (const contender of contenders) turns.push(await warmUp(benchmark, contender));
    for (const { contender } of turns) contender.begin?.();
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < turns.length; i++) {
        const turn = turns[(round + i) % turns.length];
        turn?.samples.push(await timeOnce(turn.contender, turn.count));
      }
    }
    return turns.map(({ contender, samples }) => ({
      contender: contender.name,
      samples,
      counters: contender.counters?.() ?? {},
    }));
  } finally {
    for (const contender of contenders) await contender.close?.();
  }
}

interface Turn {
  readonly contender: Contender;
  readonly count: number;
  readonly samples: Sample[];
}

/** Runs a contender twice, and finds out how many operations make a turn that is long enough. */
async function warmUp({ count, batch, sampleMs = 20, splitsCpu }: Benchmark, contender: Contender): Promise<Turn> {
  const half = wholeBatches(count / 2, batch);
  await contender.run(half);
  const { elapsedNs, cpuNs } = await timeOnce(contender, half);
  const whole = wholeBatches(count, batch);
  const ns = splitsCpu === true ? cpuNs : elapsedNs;
  const times = ns > 0 ? Math.ceil((sampleMs * 1e6) / (ns * whole)) : MAX_TIMES;
  return { contender, count: whole * Math.min(Math.max(times, 1), MAX_TIMES), samples: [] };
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
  const cpu = contender.cpuUsage?.bind(contender) ?? ownCpuUsage;
  collectYoung?.({ type: 'minor' });
  await delay(1);
  const cpuBefore = await cpu();
  const before = process.hrtime.bigint();
  const running = contender.run(count);
  if (running !== undefined) await running;
  const elapsedNs = Number(process.hrtime.bigint() - before) / count;
  const { user, system } = await cpu();
  const userNs = ((user - cpuBefore.user) * 1000) / count;
  return { elapsedNs, cpuNs: userNs + ((system - cpuBefore.system) * 1000) / count, userNs };
}

function ownCpuUsage(): Promise<CpuUsage> {
  return Promise.resolve(process.cpuUsage());
}
