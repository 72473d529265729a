import type { CounterTarget, SpeedTarget, Target } from './contender.js';
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
  if (!('than' in target)) return judgeCounter(target, row);
  return judgeSpeed(by === undefined ? target : { ...target, of: by }, row, find(target.than, rows));
}

function judgeSpeed({ contender, atLeast, than, of = 'time', by = 'p20' }: SpeedTarget, row: Row, peer: Row): Verdict {
  const reached = peer[of][by] / row[of][by];
  const how = [...(of === 'cpu' ? ['CPU'] : []), ...(by === 'median' ? ['median'] : [])].join(', ');
  const reach = `>= ${atLeast}x ${than}${how === '' ? '' : ` (${how})`}`;
  return { contender, reach, reached, isMet: reached >= atLeast };
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
