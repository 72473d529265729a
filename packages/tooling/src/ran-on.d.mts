import type { Totals } from './report.mjs';
/** Passed tests by package, by host. */
export type Runs = Readonly<Record<string, Readonly<Record<string, number>>>>;
export interface SuiteResult extends Totals {
  readonly host: string;
  readonly folder: string;
}
export function recordedRuns(): Runs;
export function passedRuns(results: readonly SuiteResult[]): Runs;
export function mergeRuns(record: Runs, runs: Runs, titles: readonly string[]): Runs;
export function ranOnTable(record: Runs): string;
export function readmeRanOn(): string | undefined;
