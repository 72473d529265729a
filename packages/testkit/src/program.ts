import type { TestClock } from './test-clock.js';

/**
 * A small concurrent program, as {@link explore} runs it: a subject, and tasks that use it one step at a time.
 *
 * Only steps and `close` may return promises. A promise that a step makes and does not return is nobody's: if it
 * rejects, that is an unhandled rejection of the host and not a failure of the schedule.
 *
 * @typeParam S - The subject: what is under test, with whatever the steps and the checks need besides.
 */
export interface Program<S> {
  /** What a failure calls the program. Default: the names of its steps, as in `put | take, abort`. */
  readonly name?: string | undefined;
  /** Makes a fresh subject; called once per schedule. Programs must do the same whenever the schedule is the same. */
  setup(): S;
  /** The steps of each task, at most 26 tasks. Tasks run against each other; the steps of one run in order. */
  readonly tasks: readonly (readonly Step<S>[])[];
  /** The subject's clock, if it has one: its ticks are then part of the schedules. */
  clock?(subject: S): TestClock;
  /** Throws if something is wrong. Called after each step, each run of microtasks, each tick, and after `close`. */
  invariant?(subject: S, run: Run): void;
  /** Throws if something is wrong once no step can run any more. */
  atEnd?(subject: S, run: Run): void;
  /** Says that `call` may be waiting once no step can run any more. Default: none may, or any if there is `close`. */
  mayWait?(call: Call, subject: S): boolean;
  /** Says that `call` may have failed as it did. Default: none may; whatever else a step throws or rejects with is a failure. */
  mayFail?(call: Call, subject: S): boolean;
  /** Shuts the subject down, at the end of each schedule. Then no call may be waiting and no timer be left. A promise is waited for. */
  close?(subject: S): unknown;
  /**
   * Describes the subject so fully that equal descriptions mean an equal future and an equal judgement by the checks.
   * Schedules that reach what was reached before are then not continued. How far the tasks are, which of their calls are
   * pending or failed, and the number of ticks are compared besides.
   */
  fingerprint?(subject: S): string;
}

/** One step of a task: a single synchronous call. */
export interface Step<S> {
  /** What a failure calls the step. */
  readonly name: string;
  /**
   * Makes the call.
   *
   * @param subject - What `setup` made.
   * @param task - The task, with its earlier calls.
   * @returns Anything. A promise is watched: the task's next step waits for it, unless the step is detached.
   */
  run(subject: S, task: Task): unknown;
  /** Whether the task's next step may come before the promise of this one has settled. Default false. */
  readonly detached?: boolean | undefined;
}

/** A task of a running program. */
export interface Task {
  /** Its place in {@link Program.tasks}, from 0. */
  readonly index: number;
  /** The calls that it has made, in order. */
  readonly calls: readonly Call[];
}

/** A step that was made, and what came of it as far as the program could see. */
export interface Call {
  /** The task's place in {@link Program.tasks}, from 0. */
  readonly task: number;
  /** The step's place in its task, from 0. */
  readonly step: number;
  /** How a schedule calls it: `a1` is the first step of the first task. */
  readonly token: string;
  /** The name of the step. */
  readonly name: string;
  /** Whether the call has returned a value, or its promise has settled: and how. */
  readonly state: 'pending' | 'fulfilled' | 'rejected';
  /** What it returned, or its promise was fulfilled with. */
  readonly value: unknown;
  /** What it threw, or its promise was rejected with. */
  readonly error: unknown;
  /** Its place in the order in which calls were made, from 0. */
  readonly madeAt: number;
  /** Its place in the order in which calls were seen to settle, from 0; -1 while it is pending. */
  readonly settledAt: number;
}

/** A running program, for the checks. */
export interface Run {
  /** All calls, in the order in which they were made. */
  readonly calls: readonly Call[];
  /** The calls that are pending. */
  readonly pending: readonly Call[];
  /** Whether no microtask is left, so that every promise that is settled is seen to be. */
  readonly isDrained: boolean;
  /** Whether {@link Program.close} was called. */
  readonly isClosed: boolean;
  /** What happened so far, as {@link ExploreOptions.replay} takes it. */
  readonly schedule: string;
}
