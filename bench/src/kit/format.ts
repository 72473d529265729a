import type { CpuSplit } from './cpu-split.js';
import type { Row } from './result.js';
import type { Summary } from './statistics.js';
import type { Verdict } from './targets.js';

/** The heads of a table's columns after the first one, which names the operation; the last one holds words. */
export function columns([first]: readonly Row[]): readonly string[] {
  return first?.split === undefined ? COLUMNS : SPLIT_COLUMNS;
}

const COLUMNS = ['p20', 'median (IQR)', 'x', 'CPU', 'x', 'heap B', 'counted'];
const SPLIT_COLUMNS = ['p20', 'x', 'CPU', 'user', 'system', 'CPU x (IQR)', 'user x (IQR)', 'counted'];

const ALLOCATED = 'allocated B';
const OFF_HEAP = 'off-heap B';
const RETAINED = 'retained B';

/** The cells of one row. */
export function cells(row: Row): string[] {
  const { contender, time, cpu, timeRatio, cpuRatio, counters, split } = row;
  if (split !== undefined) return splitCells(row, split);
  return [
    contender,
    duration(time.p20),
    spread(time),
    timeRatio.toFixed(2),
    duration(cpu.p20),
    cpuRatio.toFixed(2),
    allocated(counters),
    counted(counters),
  ];
}

function splitCells({ contender, time, cpu, timeRatio, counters }: Row, split: CpuSplit): string[] {
  const ratio = (value: number, { low, high }: Summary): string =>
    `${value.toFixed(2)} (${low.toFixed(2)} .. ${high.toFixed(2)})`;
  return [
    contender,
    duration(time.p20),
    timeRatio.toFixed(2),
    duration(cpu.median),
    duration(split.user),
    duration(split.system),
    ratio(split.cpuRatio.median, split.cpuRatio),
    ratio(split.userTimes, split.userRatio),
    counted(counters),
  ];
}

/** `met` or `MISSED`, with what was reached. */
export function verdictLine({ contender, reach, reached, isMet }: Verdict): string {
  const unit = /^[<>]= [\d.]+x /.test(reach) ? 'x' : '';
  return `${isMet ? 'met   ' : 'MISSED'} ${contender}: reach ${reach}, reached ${number(reached)}${unit}`;
}

/** A duration in the unit that suits it. */
export function duration(ns: number): string {
  if (ns < 1000) return `${ns.toFixed(1)} ns`;
  if (ns < 1e6) return `${(ns / 1000).toFixed(2)} us`;
  return `${(ns / 1e6).toFixed(2)} ms`;
}

/** Three significant digits or whole numbers, never an exponent. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en');
  if (size >= 10) return value.toFixed(1);
  return value.toFixed(size >= 0.005 ? 2 : size === 0 ? 0 : 4);
}

function spread({ median, low, high }: Summary): string {
  return `${duration(median)} (${duration(low)} .. ${duration(high)})`;
}

function allocated(counters: Row['counters']): string {
  const heap = counters[ALLOCATED];
  if (heap === undefined) return '';
  const offHeap = counters[OFF_HEAP] ?? 0;
  return offHeap >= 1 ? `${number(heap)} + ${number(offHeap)} off` : number(heap);
}

/** What a contender counted itself, and what the heap kept where that is worth a word. */
function counted(counters: Row['counters']): string {
  return Object.entries(counters)
    .filter(([name, value]) => name !== ALLOCATED && name !== OFF_HEAP && (name !== RETAINED || value > 0))
    .map(([name, value]) => `${number(value)} ${name}`)
    .join(', ');
}
