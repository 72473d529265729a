import type { LoopPolicy } from '../contract.js';
import { hostTimers, type TimerSource } from '@millrace/timeouts';
import { bounded, type Bound } from './bounded.js';
import { CaseFailure, CaseLab, CaseSkipped } from './case-lab.js';
import type { ConformanceCase, Feature } from './case.js';
import { conformanceCases } from './catalog.js';
import { missingFeatures } from './features.js';
import { Patience } from './patience.js';
import { openSocketFolder } from './socket-folder.js';
import { watchStrayErrors, type StrayErrors } from './stray-errors.js';
import { show } from './values.js';

/** Options of {@link checkLoopPolicy}. */
export interface ConformanceOptions {
  /** Run only the cases whose name contains the text, matches, or is accepted. Default: all. */
  readonly only?: string | RegExp | ((name: string) => boolean) | undefined;
  /**
   * How long a case may take, in milliseconds, more than 0. After one that took too long it is half of it, and so on, a
   * fortieth at least, until one ends in time. Default 10000.
   */
  readonly caseTimeoutMs?: number | undefined;
  /** How long the loop turns, six times, until everything within this process has arrived. Default 2. */
  readonly turnMs?: number | undefined;
  /** What the loop has: a text is the reason why not. What is not named is looked for, or taken to be there. */
  readonly features?: Readonly<Partial<Record<Feature, true | string>>> | undefined;
  /** An existing folder for unix sockets. Default: a temporary one, where the platform has them. */
  readonly unixDir?: string | undefined;
  /** Gets the failures and the score. Default `console.log`. */
  readonly print?: ((line: string) => void) | undefined;
  /** Gets a line for each case as it ends. Default: nobody. */
  readonly log?: ((line: string) => void) | undefined;
  /** What cases are timed by; real time, also for simulated loops. Default: the host's. */
  readonly timers?: TimerSource | undefined;
  /** What is run. Default: every behaviour of the contract. */
  readonly cases?: readonly ConformanceCase[] | undefined;
}

/** How one case went. */
export interface ConformanceResult {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly reason?: string | undefined;
}

/** How a policy did. */
export interface ConformanceReport {
  /** The name of the policy. */
  readonly policy: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cases: readonly ConformanceResult[];
}

/**
 * Runs the conformance suite: every behaviour that a loop promises, one named case each, one after the other.
 *
 * Needs no test runner. A case has loops of its own, which are closed after it; besides what it checks, it fails when it
 * takes too long, when a loop reports an error that was not asked for, when a promise is rejected that nobody handles, or
 * when something stays open. A case that needs what the platform lacks is skipped, with the reason.
 *
 * @returns The score, and each case; always settles.
 * @throws {RangeError} If `caseTimeoutMs` is not more than 0, or if `only` leaves no case.
 * @example
 * const { failed } = await checkLoopPolicy(nodePolicy); // prints: policy node: 150 passed, 0 failed, 0 skipped
 */
export async function checkLoopPolicy(
  policy: LoopPolicy,
  options: ConformanceOptions = {},
): Promise<ConformanceReport> {
  const { caseTimeoutMs = 10_000, log, print = printLine } = options;
  if (!(caseTimeoutMs > 0)) throw new RangeError(`expected caseTimeoutMs to be more than 0, got ${caseTimeoutMs}`);
  const chosen = (options.cases ?? conformanceCases).filter(({ name }) => isChosen(name, options.only));
  if (chosen.length === 0) throw new RangeError('expected `only` to leave at least one case, it leaves none');
  const folder = openSocketFolder(options.unixDir);
  const strays = watchStrayErrors();
  const run: Run = {
    policy,
    strays,
    patience: new Patience(caseTimeoutMs),
    timers: options.timers ?? hostTimers,
    turnMs: options.turnMs ?? 2,
    unixPath: () => folder.next(),
  };
  const results: ConformanceResult[] = [];
  try {
    const missing = await missingFeatures(policy, options.features ?? {}, run);
    for (const each of chosen) {
      const result = await runCase(each, missing, run);
      results.push(result);
      log?.(`${result.outcome}: ${result.name}${result.reason === undefined ? '' : ` (${result.reason})`}`);
    }
  } finally {
    strays.stop();
    folder.remove();
  }
  const report = summarize(policy.name, results);
  for (const { name, outcome, reason } of results) if (outcome === 'failed') print(`failed: ${name}: ${reason ?? ''}`);
  print(`policy ${report.policy}: ${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped`);
  return report;
}

/** What all cases of a run share. */
interface Run extends Bound {
  readonly policy: LoopPolicy;
  readonly strays: StrayErrors;
  readonly turnMs: number;
  unixPath(): { readonly path: string } | { readonly reason: string };
}

async function runCase(
  each: ConformanceCase,
  missing: ReadonlyMap<Feature, string>,
  run: Run,
): Promise<ConformanceResult> {
  const { name } = each;
  for (const feature of each.needs ?? []) {
    const reason = missing.get(feature);
    if (reason !== undefined) return { name, outcome: 'skipped', reason };
  }
  const lab = new CaseLab(run);
  const ended = await failureOf(
    run,
    async () => each.run(lab),
    () => lab.standstill,
  );
  const closed = await failureOf(
    run,
    () => lab.finish(),
    () => ', waiting for the loops to close',
  );
  run.patience.learn(ended instanceof CaseLate || closed instanceof CaseLate);
  await pause(run.timers, 0); // promises that nobody handles are told after the microtasks
  const strays = run.strays.take();
  if (ended instanceof CaseSkipped) return { name, outcome: 'skipped', reason: ended.message };
  const reasons = [ended, closed].filter((error) => error !== undefined).map(reasonOf);
  reasons.push(...strays.map((error) => `nobody handled ${show(error)}`));
  if (reasons.length === 0) return { name, outcome: 'passed' };
  return { name, outcome: 'failed', reason: reasons.join('; ') };
}

/** Of errors that are not a case's own: who threw, not how the suite got there. */
const SHOWN_FRAMES = 4;

/** A case took too long. */
class CaseLate extends CaseFailure {}

/** @returns What `work` was rejected with, if it was, or that it took too long. */
function failureOf(run: Run, work: () => Promise<void>, standstill: () => string): Promise<unknown> {
  const ended = work().then(
    () => undefined,
    (error: unknown) => error ?? new CaseFailure(`expected no rejection, got ${String(error)}`),
  );
  return bounded<unknown>(run, ended, () => {
    return new CaseLate(`expected an end ${run.patience.words}${standstill()}`);
  });
}

function pause(timers: TimerSource, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    timers.callLater(delayMs, resolve);
  });
}

function reasonOf(error: unknown): string {
  if (error instanceof CaseFailure) return error.message;
  if (!(error instanceof Error)) return show(error);
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  return [show(error), ...frames.slice(0, SHOWN_FRAMES)].join('\n');
}

function isChosen(name: string, only: ConformanceOptions['only']): boolean {
  if (only === undefined) return true;
  if (typeof only === 'string') return name.includes(only);
  return typeof only === 'function' ? only(name) : only.test(name);
}

function summarize(policy: string, cases: readonly ConformanceResult[]): ConformanceReport {
  const count = (outcome: ConformanceResult['outcome']): number =>
    cases.filter((result) => result.outcome === outcome).length;
  return { policy, passed: count('passed'), failed: count('failed'), skipped: count('skipped'), cases };
}

function printLine(line: string): void {
  console.log(line);
}
