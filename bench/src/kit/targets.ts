import type { CounterTarget, CpuTarget, SpeedTarget, Target } from './contender.js';
import type { Row } from './result.js';

/** What became of a target. */
export interface Verdict {
  readonly contender: string;
  /** The target in words: `>= 5x pg-protocol`. */
  readonly reach: string;
  readonly reached: number;
  readonly isMet: boolean;
}

/**
 * Compares a target with what was measured.
 *
 * @param by - What to compare instead of what a target of speed says.
 * @throws {Error} If the target names a contender or a counter that the rows do not have.
 */
export function judge(target: Target, rows: readonly Row[], by?: 'time' | 'cpu'): Verdict {
  const row = find(target.contender, rows);
  if ('counter' in target) return judgeCounter(target, row);
  if ('atMostTimes' in target) return judgeCpu(target, row, rows[0]?.contender ?? '');
  return judgeSpeed(by === undefined ? target : { ...target, of: by }, row, find(target.than, rows));
}

function judgeSpeed({ contender, atLeast, than, of = 'time', by = 'p20' }: SpeedTarget, row: Row, peer: Row): Verdict {
  const reached = peer[of][by] / row[of][by];
  const how = [...(of === 'cpu' ? ['CPU'] : []), ...(by === 'median' ? ['median'] : [])].join(', ');
  const reach = `>= ${atLeast}x ${than}${how === '' ? '' : ` (${how})`}`;
  return { contender, reach, reached, isMet: reached >= atLeast };
}

function judgeCpu({ contender, atMostTimes, of }: CpuTarget, { split }: Row, first: string): Verdict {
  if (split === undefined) throw new Error(`the benchmark of ${contender} has a target for CPU, but does not split it`);
  const reached = of === 'cpu' ? split.cpuRatio.median : split.userTimes;
  const how = of === 'cpu' ? 'CPU, median of paired rounds' : 'user CPU, sum of rounds';
  return { contender, reach: `<= ${atMostTimes}x ${first} (${how})`, reached, isMet: reached <= atMostTimes };
}

function judgeCounter({ contender, counter, atMost }: CounterTarget, row: Row): Verdict {
  const reached = row.counters[counter];
  if (reached === undefined) throw new Error(`${contender} has no counter named ${counter}`);
  return { contender, reach: `<= ${atMost} ${counter}`, reached, isMet: reached <= atMost };
}

function find(name: string, rows: readonly Row[]): Row {
  const row = rows.find((r) => r.contender === name);
  if (row === undefined) throw new Error(`a target names ${name}, which is not a contender`);
  return row;
}
