import { drainMicrotasks } from './drain-microtasks.js';
import type { Call, Program, Run, Step, Task } from './program.js';
import { AT_ONCE, DRAIN, END, stepToken, TICK } from './schedule.js';
import type { Chooser } from './schedule.js';
import { isThenable, synchronous } from './synchronous.js';

/** What all executions of one program have in common. */
export interface Plan<S> {
  readonly program: Program<S>;
  readonly chooser: Chooser;
  /** What the microtasks may do between two steps. */
  readonly marks: readonly string[];
  /** How many ticks a schedule may have. */
  readonly maxTicks: number;
  /** For each task the one before it that has the same steps, or -1; all -1 where tasks count as different. */
  readonly twins: readonly number[];
  /** The states that were reached, as the program describes them, with the number of steps that it took. */
  readonly seen: Map<string, number>;
  /** An execution is cut before it has more steps and ticks than this. */
  maxEvents: number;
}

/** One schedule of a program, while it runs. */
export class Execution<S> implements Run {
  readonly calls: RunningCall[] = [];
  isDrained = true;
  isClosed = false;
  /** Steps and ticks made, and those of them that no execution before had made in this way. */
  events = 0;
  newEvents = 0;
  private readonly _plan: Plan<S>;
  private readonly _program: Program<S>;
  private readonly _subject: S;
  private readonly _tasks: readonly RunningTask<S>[];
  private _schedule = '';
  private _ticks = 0;
  private _settled = 0;
  /** Set by a call that failed although the program does not say that it may. */
  private _fault: { readonly error: unknown } | undefined;

  constructor(plan: Plan<S>) {
    this._plan = plan;
    this._program = plan.program;
    this._subject = synchronous('setup', plan.program.setup());
    this._tasks = plan.program.tasks.map((steps, index) => new RunningTask(index, steps));
  }

  get pending(): RunningCall[] {
    return this.calls.filter((call) => call.state === 'pending');
  }

  get schedule(): string {
    return this._schedule;
  }

  /**
   * Runs until no step can run any more, or until it is known how it would go on.
   *
   * @returns Whether it got to the end.
   * @throws Whatever a check throws.
   */
  async run(): Promise<boolean> {
    const { chooser, maxEvents } = this._plan;
    await drainMicrotasks();
    for (;;) {
      const mark = this.isDrained ? AT_ONCE : this._chooseMark();
      // Here and not in a method: its await would add a round, even to none.
      if (mark === DRAIN) await drainMicrotasks();
      else for (let rounds = mark.length; rounds > 0; rounds--) await Promise.resolve();
      if (mark !== AT_ONCE) this._noteMicrotasks(mark);
      if (chooser.isNew && this._isKnown()) return false;
      const options = this._options();
      const token = options[chooser.step(options)] ?? END;
      if (token === END) {
        // A replay may stop anywhere.
        if (options.length > 0 && !options.includes(END)) return false;
        break;
      }
      if (this.events >= maxEvents) return false;
      this.events++;
      if (chooser.isNew) this.newEvents++;
      this._make(token);
    }
    await this._end();
    return true;
  }

  /** Called by a call that has settled. */
  noteSettled(call: RunningCall): void {
    call.settledAt = this._settled++;
    if (call.state !== 'rejected') return;
    let fault: { error: unknown } | undefined = { error: call.error };
    try {
      if (synchronous('mayFail', this._program.mayFail?.(call, this._subject)) === true) fault = undefined;
    } catch (error) {
      fault = { error };
    }
    this._fault ??= fault;
  }

  /** What can happen now. */
  private _options(): string[] {
    const options: string[] = [];
    for (const task of this._tasks) {
      // Of tasks that are alike and have not begun, the first one goes first: the rest is the same by another name.
      if (task.isReady && !(task.hasNotBegun && this._hasIdleTwin(task))) options.push(task.token);
    }
    // A timer fires in a turn of its own, when no microtask is left.
    if (!this.isDrained || this._ticks >= this._plan.maxTicks) return options;
    const mayEnd = options.length === 0 && this._program.close !== undefined;
    if ((this._clock()?.pending ?? 0) > 0) options.push(TICK);
    if (mayEnd) options.push(END);
    return options;
  }

  private _hasIdleTwin(task: RunningTask<S>): boolean {
    const twin = this._plan.twins[task.index] ?? -1;
    return this._tasks[twin]?.hasNotBegun === true;
  }

  private _chooseMark(): string {
    const marks = this._options().length === 0 ? [DRAIN] : this._plan.marks;
    return marks[this._plan.chooser.mark(marks)] ?? DRAIN;
  }

  private _noteMicrotasks(mark: string): void {
    this._schedule += mark;
    this.isDrained = mark === DRAIN;
    this._examine();
  }

  private _make(token: string): void {
    this.isDrained = false;
    this._schedule += this._schedule === '' ? token : `.${token}`;
    const task = this._tasks.find((candidate) => candidate.token === token);
    if (task === undefined) this._tick();
    else this._step(task);
    this._examine();
  }

  private _tick(): void {
    this._ticks++;
    const clock = this._clock();
    clock?.advance(clock.nextDueMs - clock.now());
  }

  private _step(task: RunningTask<S>): void {
    const step = task.nextStep;
    if (step === undefined) return;
    const call = new RunningCall(this, task, step.name, this.calls.length);
    try {
      const returned = step.run(this._subject, task);
      if (isThenable(returned)) returned.then(call.fulfil, call.reject);
      else call.fulfil(returned);
    } catch (error) {
      call.reject(error);
    }
    this.calls.push(call);
    task.add(call, step);
  }

  private _examine(): void {
    if (this._fault !== undefined) throw this._fault.error;
    synchronous<unknown>('invariant', this._program.invariant?.(this._subject, this));
  }

  /** Whether the program has been in this state before, after no more steps. */
  private _isKnown(): boolean {
    if (!this.isDrained || this._program.fingerprint === undefined) return false;
    const { seen } = this._plan;
    const states = this._tasks.map((task) => task.calls.map((call) => call.state.charAt(0)).join(''));
    const fingerprint = synchronous('fingerprint', this._program.fingerprint(this._subject));
    const key = `${this._ticks} ${states.join('|')} ${fingerprint}`;
    const known = seen.get(key) ?? Infinity;
    if (known <= this.events) return true;
    seen.set(key, this.events);
    return false;
  }

  private async _end(): Promise<void> {
    const program = this._program;
    const subject = this._subject;
    synchronous<unknown>('atEnd', program.atEnd?.(subject, this));
    for (const call of this.pending) {
      const mayWait = synchronous('mayWait', program.mayWait?.(call, subject)) ?? program.close !== undefined;
      if (!mayWait) throw new Error(`${call.token} ${call.name} never settles`);
    }
    if (program.close !== undefined) await this._close();
    const timers = this._clock()?.pending ?? 0;
    if (timers > 0) throw new Error(`${timers} timers are left at the end`);
  }

  private async _close(): Promise<void> {
    this.isDrained = false;
    this.isClosed = true;
    let isClosing = false;
    const closed = this._program.close?.(this._subject);
    if (isThenable(closed)) {
      isClosing = true;
      closed.then(
        () => (isClosing = false),
        (error: unknown) => {
          this._fault ??= { error };
        },
      );
    }
    this._examine();
    await drainMicrotasks();
    this.isDrained = true;
    this._examine();
    if (isClosing) throw new Error('close never settles');
    const [left] = this.pending;
    if (left !== undefined) throw new Error(`${left.token} ${left.name} is still pending after close`);
  }

  private _clock(): ReturnType<NonNullable<Program<S>['clock']>> | undefined {
    return synchronous('clock', this._program.clock?.(this._subject));
  }
}

class RunningTask<S> implements Task {
  readonly index: number;
  readonly calls: RunningCall[] = [];
  /** How a schedule calls the next step. */
  token: string;
  private readonly _steps: readonly Step<S>[];
  private _awaited: RunningCall | undefined;

  constructor(index: number, steps: readonly Step<S>[]) {
    this.index = index;
    this._steps = steps;
    this.token = stepToken(index, 0);
  }

  get hasNotBegun(): boolean {
    return this.calls.length === 0;
  }

  get nextStep(): Step<S> | undefined {
    return this._steps[this.calls.length];
  }

  get isReady(): boolean {
    return this.calls.length < this._steps.length && this._awaited?.state !== 'pending';
  }

  add(call: RunningCall, step: Step<S>): void {
    this._awaited = step.detached === true ? undefined : call;
    this.calls.push(call);
    this.token = stepToken(this.index, this.calls.length);
  }
}

/** What a call tells when it has settled. */
interface Listener {
  noteSettled(call: RunningCall): void;
}

export class RunningCall implements Call {
  readonly task: number;
  readonly step: number;
  readonly token: string;
  readonly name: string;
  readonly madeAt: number;
  state: Call['state'] = 'pending';
  value: unknown;
  error: unknown;
  settledAt = -1;
  private readonly _listener: Listener;

  constructor(listener: Listener, task: RunningTask<never>, name: string, madeAt: number) {
    this.task = task.index;
    this.step = task.calls.length;
    this.token = task.token;
    this.name = name;
    this.madeAt = madeAt;
    this._listener = listener;
  }

  readonly fulfil = (value: unknown): void => {
    this.state = 'fulfilled';
    this.value = value;
    this._listener.noteSettled(this);
  };

  readonly reject = (error: unknown): void => {
    this.state = 'rejected';
    this.error = error;
    this._listener.noteSettled(this);
  };
}
