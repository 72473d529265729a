import type { Sample } from './rounds.js';
import { summarise, type Summary } from './statistics.js';

/** CPU time by where it was spent, in nanoseconds per operation, and beside the first contender's. */
export interface CpuSplit {
  readonly user: number;
  readonly system: number;
  /** Each round's CPU by that of the first contender in the same round. */
  readonly cpuRatio: Summary;
  /** The same of user CPU. Short rounds make it wide: the system says by sampling at its ticks who the time belongs to. */
  readonly userRatio: Summary;
  /** User CPU of all rounds by that of the first contender. */
  readonly userTimes: number;
}

/**
 * Compares a contender's rounds with those of the first one, pair by pair: what disturbs a round disturbs both.
 *
 * @param first - As many samples as there are in `samples`.
 */
export function splitCpu(samples: readonly Sample[], first: readonly Sample[]): CpuSplit {
  const ratios = (of: 'cpuNs' | 'userNs'): Summary => summarise(samples.map((s, i) => s[of] / (first[i]?.[of] ?? NaN)));
  const user = mean(samples, (s) => s.userNs);
  return {
    user,
    system: mean(samples, (s) => s.cpuNs - s.userNs),
    cpuRatio: ratios('cpuNs'),
    userRatio: ratios('userNs'),
    userTimes: user / mean(first, (s) => s.userNs),
  };
}

function mean(samples: readonly Sample[], of: (sample: Sample) => number): number {
  return samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
}
