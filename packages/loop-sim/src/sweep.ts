import { Simulation } from './simulation.js';

/** How {@link sweep} searches. */
export interface SweepOptions {
  /** Virtual milliseconds that one run may take. Default 3,600,000, an hour. */
  readonly timeoutMs?: number | undefined;
  /** Runs that may be spent on leaving out faults that do not matter. Default 200. */
  readonly shrinkRuns?: number | undefined;
  /** What to type to run the same program again; `{replay}` stands for the run. Default: this process's own command. */
  readonly command?: string | undefined;
  /** How many lines of the trace {@link SweepFailure.report} has. Default 40. */
  readonly traceLines?: number | undefined;
  /** Where the report of a failure goes. Default `console.error`. */
  readonly print?: ((report: string) => void) | undefined;
}

/** A run that went wrong, with nothing in it that does not matter. */
export interface SweepFailure {
  readonly seed: number;
  /** Which of the seed's faults were left out. */
  readonly without: readonly number[];
  /** The faults that are left. */
  readonly faults: readonly string[];
  readonly error: unknown;
  readonly traceHash: string;
  /** The seed and what was left out, for {@link replay}: `17`, or `17!0,3`. */
  readonly replay: string;
  /** All of it for a person: the error, the command that replays it, the end of the trace. */
  readonly report: string;
}

/** What {@link sweep} found. */
export interface SweepResult {
  /** Seeds that were tried. */
  readonly seeds: number;
  readonly failure: SweepFailure | undefined;
}

/** A program in a simulation: it sets up hosts and faults, and throws if something is wrong. */
export type SimProgram = (simulation: Simulation) => Promise<void>;

interface Outcome {
  readonly simulation: Simulation;
  readonly failure: { readonly error: unknown } | undefined;
}

const REPLAY_VARIABLE = 'MILLRACE_SIM_REPLAY';

/**
 * Runs a program under one seed after the other, until one fails; then leaves out one fault after the other as long as it
 * still fails in the same way, and prints what is left.
 *
 * @param seeds - Which, or how many, from 1 on. With `MILLRACE_SIM_REPLAY` in the environment only that run is repeated.
 * @throws {RangeError} If there is no seed to try.
 * @remarks Cost: memory of one simulation at a time.
 */
export async function sweep(
  seeds: number | Iterable<number>,
  program: SimProgram,
  options: SweepOptions = {},
): Promise<SweepResult> {
  const wanted = environment()[REPLAY_VARIABLE];
  if (wanted !== undefined) return { seeds: 1, failure: await replay(wanted, program, options) };
  if (typeof seeds === 'number' && !(Number.isSafeInteger(seeds) && seeds >= 1)) {
    throw new RangeError(`expected 1 seed or more, got ${seeds}`);
  }
  let count = 0;
  for (const seed of typeof seeds === 'number' ? upTo(seeds) : seeds) {
    count++;
    const outcome = await attempt(program, seed, [], options);
    if (outcome.failure === undefined) continue;
    return { seeds: count, failure: printed(await shrink(program, seed, outcome, options), options) };
  }
  if (count === 0) throw new RangeError('expected 1 seed or more, got none');
  return { seeds: count, failure: undefined };
}

/**
 * Repeats one run, and prints how it fails.
 *
 * @param run - {@link SweepFailure.replay}.
 * @returns How it failed; `undefined` if it did not.
 * @throws {TypeError} If `run` is not one.
 */
export async function replay(
  run: string,
  program: SimProgram,
  options: SweepOptions = {},
): Promise<SweepFailure | undefined> {
  const match = /^(-?\d+)(?:!(\d+(?:,\d+)*))?$/.exec(run);
  if (match === null) throw new TypeError(`expected a run such as "17" or "17!0,3", got ${JSON.stringify(run)}`);
  const without = match[2]?.split(',').map(Number) ?? [];
  const seed = Number(match[1]);
  const outcome = await attempt(program, seed, without, options);
  return outcome.failure && printed(describe(outcome, seed, without, options), options);
}

function printed(failure: SweepFailure, { print = console.error }: SweepOptions): SweepFailure {
  print(failure.report);
  return failure;
}

async function attempt(
  program: SimProgram,
  seed: number,
  without: readonly number[],
  { timeoutMs = 3_600_000 }: SweepOptions,
): Promise<Outcome> {
  const simulation = new Simulation({ seed, without });
  try {
    await simulation.run(() => program(simulation), { timeoutMs });
    return { simulation, failure: undefined };
  } catch (error) {
    return { simulation, failure: { error } };
  }
}

async function shrink(program: SimProgram, seed: number, first: Outcome, options: SweepOptions): Promise<SweepFailure> {
  let best = first;
  let without: number[] = [];
  let runs = options.shrinkRuns ?? 200;
  // A fault may matter only as long as another one is there, and one that is left out may bring others: until nothing changes.
  for (let isSmaller = true; isSmaller && runs > 0;) {
    isSmaller = false;
    for (let index = 0; index < best.simulation.faults.length && runs > 0; index++) {
      if (without.includes(index)) continue;
      runs--;
      const fewer = [...without, index].sort((a, b) => a - b);
      const outcome = await attempt(program, seed, fewer, options);
      if (outcome.failure === undefined || kindOf(outcome) !== kindOf(first)) continue;
      isSmaller = true;
      without = fewer;
      best = outcome;
    }
  }
  return describe(best, seed, without, options);
}

/** Two failures are the same one if they have the same code or, without one, the same text but for the numbers in it. */
function kindOf({ failure }: Outcome): string {
  const error = failure?.error;
  if (!(error instanceof Error)) return `${typeof error} ${String(error)}`;
  const { code } = error as { readonly code?: unknown };
  const what = typeof code === 'string' ? code : error.message.replace(/\n.*/s, '').replace(/[\d.,\s]+/g, ' ');
  return `${error.name} ${what}`;
}

function describe(
  { simulation, failure }: Outcome,
  seed: number,
  without: readonly number[],
  options: SweepOptions,
): SweepFailure {
  const error = failure?.error;
  const run = without.length === 0 ? String(seed) : `${seed}!${without.join(',')}`;
  const faults = simulation.faults.filter((_, index) => !without.includes(index));
  const command = (options.command ?? ownCommand()).replaceAll('{replay}', run);
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const lines = simulation
    .formatTrace()
    .split('\n')
    .slice(-(options.traceLines ?? 40));
  const report = [
    `seed ${seed} fails: ${text}`,
    `faults that matter: ${faults.join(', ') || 'none'}`,
    `replay: ${command}`,
    ...lines,
  ].join('\n');
  return { seed, without, faults, error, traceHash: simulation.traceHash, replay: run, report };
}

function* upTo(count: number): Generator<number> {
  for (let seed = 1; seed <= count; seed++) yield seed;
}

interface ProcessLike {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly argv?: readonly string[];
}

const host = globalThis as { process?: ProcessLike };

function environment(): Readonly<Record<string, string | undefined>> {
  return host.process?.env ?? {};
}

function ownCommand(): string {
  const [, script = '', ...rest] = host.process?.argv ?? [];
  const task = environment()['npm_lifecycle_event'];
  // The script of a test runner's worker is not what anybody typed.
  const runner = /[\\/]node_modules[\\/](vitest|jest)/.exec(script)?.[1];
  let typed = ['node', script, ...rest].join(' ');
  if (task !== undefined && task !== 'npx') typed = `npm run ${task}`;
  else if (runner !== undefined) typed = runner === 'vitest' ? 'npx vitest run' : 'npx jest';
  else if (script === '' || script.includes('node_modules')) typed = '<the same command>';
  return `${REPLAY_VARIABLE}={replay} ${typed}`;
}
