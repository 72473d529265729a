import { hostTurn } from './drain-microtasks.js';
import { Execution } from './execution.js';
import type { Plan } from './execution.js';
import type { Program, Step } from './program.js';
import { AT_ONCE, DRAIN, MisfitError, ReplayChooser, ROUND, SearchChooser } from './schedule.js';
import type { Chooser } from './schedule.js';
import { ScheduleError } from './schedule-error.js';
import { AsyncPartError } from './synchronous.js';

/** Options of {@link explore}. */
export interface ExploreOptions {
  /** Runs this one schedule instead of all: what a {@link ScheduleError} has as `schedule`. */
  readonly replay?: string | undefined;
  /** How many ticks of the clock one schedule may have. Default 4. */
  readonly maxTicks?: number | undefined;
  /**
   * Between two steps either all microtasks run or none. With 1 or more, also that many rounds of them and fewer; a
   * round is what was queued when it began. Default 0.
   */
  readonly rounds?: number | undefined;
  /** Says that tasks with the very same steps may be told apart by nothing else: of their orders one is run. Default false. */
  readonly symmetric?: boolean | undefined;
  /** How many schedules to run before giving up; may be `Infinity`. Default 1,000,000. */
  readonly maxSchedules?: number | undefined;
  /** Told the figures at the end, as one line. */
  readonly print?: ((line: string) => void) | undefined;
}

/** What {@link explore} went through. */
export interface Exploration {
  /** Schedules run, those included that were cut because their continuation was known. */
  readonly schedules: number;
  /** Different beginnings of schedules that were reached and checked. */
  readonly states: number;
  /** Steps and ticks of the longest schedule. */
  readonly longest: number;
}

/** Tasks are called by letters. */
const MAX_TASKS = 26;

/** After so many executions the host gets a turn, or its own timers and messages would starve. */
const EXECUTIONS_PER_TURN = 2000;
let executionsInTurn = 0;

/**
 * Runs `program` in every order that its tasks allow, and checks it after every step.
 *
 * A schedule says which task makes its next step, whether the microtasks run dry before the step after it or the two
 * follow each other at once, and when the program's clock goes on to its next timer. Each schedule starts from a fresh
 * subject. Besides the program's own checks, at the end of each schedule every call must have settled, unless it may
 * wait, must not have failed, unless it may fail, and no timer may be left.
 *
 * @param program - What to run.
 * @param options - Bounds, and the one schedule to run instead of all.
 * @returns How much was run, if nothing is wrong.
 * @throws {ScheduleError} (a rejection) If a check fails, or `setup` throws: with the shortest schedule for which one does.
 * @throws {TypeError} (a rejection) If `setup` or a check is async: nobody would wait for it.
 * @throws {RangeError} (a rejection) If an option is out of range, there are more than 26 tasks, more schedules than
 * `maxSchedules`, or `replay` does not fit the program.
 * @throws {SyntaxError} (a rejection) If `replay` is not a schedule.
 * @remarks
 * Cost: some microseconds per schedule besides what the steps cost; memory does not grow with the number of schedules,
 * except for fingerprints. n steps of two tasks have about 2^n orders, and each of them 2^n ways to run microtasks.
 */
export async function explore<S>(program: Program<S>, options: ExploreOptions = {}): Promise<Exploration> {
  const { replay, maxSchedules = 1_000_000 } = options;
  if (maxSchedules !== Infinity) checkCount('maxSchedules', maxSchedules, 1);
  const search = new SearchChooser();
  const plan = planOf(program, replay === undefined ? search : new ReplayChooser(replay), options);
  const name = nameOf(program);
  let failure: ScheduleError | undefined;
  let schedules = 0;
  let states = 0;
  let longest = 0;
  do {
    if (schedules === maxSchedules) {
      if (failure !== undefined) break;
      throw new RangeError(`${name} has more than ${maxSchedules} schedules: raise maxSchedules, or ask less`);
    }
    if (++executionsInTurn % EXECUTIONS_PER_TURN === 0) await hostTurn();
    const execution = executionOf(plan, name);
    try {
      await execution.run();
    } catch (error) {
      if (error instanceof MisfitError || error instanceof AsyncPartError) throw error;
      failure = new ScheduleError(name, execution, error);
      plan.maxEvents = execution.events - 1;
    }
    schedules++;
    states += execution.newEvents;
    longest = Math.max(longest, execution.events);
  } while (replay === undefined && search.next());
  if (failure !== undefined) throw failure;
  options.print?.(`${name}: ${schedules} schedules, ${states} states, ${longest} steps at most`);
  return { schedules, states, longest };
}

/** @throws {ScheduleError} If there is no subject. Other schedules would have none either. */
function executionOf<S>(plan: Plan<S>, name: string): Execution<S> {
  try {
    return new Execution(plan);
  } catch (error) {
    if (error instanceof AsyncPartError) throw error;
    throw new ScheduleError(name, { calls: [], schedule: '' }, error);
  }
}

function planOf<S>(program: Program<S>, chooser: Chooser, options: ExploreOptions): Plan<S> {
  const { maxTicks = 4, rounds = 0, symmetric = false } = options;
  checkCount('maxTicks', maxTicks, 0);
  checkCount('rounds', rounds, 0);
  const { tasks } = program;
  if (tasks.length > MAX_TASKS) throw new RangeError(`expected at most ${MAX_TASKS} tasks, saw ${tasks.length}`);
  const marks = [DRAIN, AT_ONCE];
  for (let count = 1; count <= rounds; count++) marks.push(ROUND.repeat(count));
  return {
    program,
    chooser,
    marks,
    maxTicks,
    twins: tasks.map((steps, index) => (symmetric ? twinOf(tasks, steps, index) : -1)),
    seen: new Map(),
    maxEvents: Infinity,
  };
}

function twinOf<S>(tasks: Program<S>['tasks'], steps: readonly Step<S>[], index: number): number {
  return tasks.findLastIndex(
    (other, at) => at < index && other.length === steps.length && other.every((step, i) => step === steps[i]),
  );
}

function nameOf<S>(program: Program<S>): string {
  return program.name ?? program.tasks.map((steps) => steps.map((step) => step.name).join(', ')).join(' | ');
}

function checkCount(name: string, count: number, least: number): void {
  if (Number.isSafeInteger(count) && count >= least) return;
  throw new RangeError(`expected ${name} to be an integer of at least ${least}, saw ${count}`);
}
