import type { LoopPolicy } from '@millrace/loop-policy';
import type { Timer, TimerSource } from '@millrace/timeouts';
import { DeadlockError, SimulationTimeoutError } from './errors.js';
import type { SimEvent } from './event-queue.js';
import type { LinkOptions } from './link.js';
import { Network } from './network.js';
import { dueAt, Scheduler, type Standstill } from './scheduler.js';
import { SeededRandom } from './seeded-random.js';
import type { SimConnect } from './sim-connect.js';
import type { SimConnection } from './sim-connection.js';
import { formatEntry, Trace, type TraceEntry } from './trace.js';

const DEFAULT_TIMERS = Symbol.for('millrace.timers');
const registry = globalThis as { [DEFAULT_TIMERS]?: TimerSource | undefined };

/** What a simulation begins with. */
export interface SimulationOptions {
  /** Chooses everything that is left to chance. Any safe integer. */
  readonly seed: number;
  /** How many of the last things that happened are kept for {@link Simulation.trace}. Default 1000. */
  readonly traceLength?: number | undefined;
  /** Which faults of {@link Simulation.chance} to leave out, by their order. Default none. */
  readonly without?: Iterable<number> | undefined;
}

/** How long a program may take. */
export interface RunOptions {
  /** Virtual milliseconds after which `run` gives up. Default: no limit. */
  readonly timeoutMs?: number | undefined;
  /** How much may happen while time stands still, before it is taken for a program that goes in circles. Default 1,000,000. */
  readonly eventsAtOnce?: number | undefined;
}

/**
 * Simulated hosts, the network between them, and virtual time: everything that happens follows from the program and the
 * seed, so that the same seed brings the same bug again.
 *
 * @remarks
 * While `run` runs, this is the clock of whoever names none (`Symbol.for('millrace.timers')`). What a program takes from
 * elsewhere, such as `setTimeout`, files or `crypto.subtle`, is not simulated.
 * @example
 * const simulation = new Simulation({ seed: 1 });
 */
export class Simulation implements TimerSource {
  readonly isSimulated = true;
  readonly seed: number;
  /** @internal */
  readonly random: SeededRandom;
  private readonly _scheduler: Scheduler;
  private readonly _network: Network;
  private readonly _trace: Trace;
  private readonly _connectListeners = new Set<(attempt: SimConnect) => void>();
  private readonly _listeners = new Set<(connection: SimConnection) => void>();
  private readonly _faults: string[] = [];
  private readonly _without: ReadonlySet<number>;
  private _lanes = 1;

  /** @throws {RangeError} If `seed` is not a safe integer, or `traceLength` not 0 or more. */
  constructor({ seed, traceLength = 1000, without = [] }: SimulationOptions) {
    if (!Number.isSafeInteger(seed)) throw new RangeError(`expected an integer as the seed, got ${seed}`);
    if (!(Number.isSafeInteger(traceLength) && traceLength >= 0)) {
      throw new RangeError(`expected traceLength to be 0 or more, got ${traceLength}`);
    }
    this.seed = seed;
    this._without = new Set(without);
    this.random = new SeededRandom(seed);
    this._scheduler = new Scheduler(this.random.uint32());
    this._trace = new Trace(traceLength);
    this._network = new Network(this);
  }

  /** The loop policy of a host; the host is there from the first call on. */
  host(name: string): LoopPolicy {
    return this._network.host(name);
  }

  /** Says how the network between two hosts is, from now on; `a` and `b` may be the same. */
  link(a: string, b: string, options: LinkOptions): void {
    for (const link of this._network.links(a, b)) link.set(options);
  }

  /**
   * Lets nothing through between two hosts, or, with `oneWay`, from `a` to `b`. Connections stay, and go on when it is
   * healed; what has been unacknowledged for 15 minutes breaks the sender's end.
   */
  partition(a: string, b: string, options: { readonly oneWay?: boolean | undefined } = {}): void {
    const links = this._network.links(a, b);
    const isOneWay = options.oneWay === true;
    this.note(`${a} ${isOneWay ? '->' : '|'} ${b}`, 'partitioned');
    for (const link of isOneWay ? links.slice(0, 1) : links) link.isPartitioned = true;
  }

  /** Ends a partition, in both ways. */
  heal(a: string, b: string): void {
    const links = this._network.links(a, b);
    this.note(`${a} | ${b}`, 'healed');
    for (const link of links) link.isPartitioned = false;
    for (const link of links) link.release();
  }

  /**
   * Says what a name means: an address, another host's name, or the system's code for why it means nothing.
   *
   * @param answer - `10.0.0.1`, `server`, `ENOTFOUND` or `EAI_AGAIN`.
   */
  setName(name: string, answer: string): void {
    this._network.setName(name, answer);
  }

  /**
   * Takes a host off the network without a word, as when its power fails: its programs go on, but nothing that they send
   * arrives, its connections are half open, and whoever connects to it waits. Ended by {@link revive}.
   */
  isolate(host: string): void {
    this._network.host(host).isIsolated = true;
    this.note(host, 'isolated');
  }

  /** Brings an isolated host back; what is partitioned stays so. */
  revive(host: string): void {
    const revived = this._network.host(host);
    revived.isIsolated = false;
    this.note(host, 'revived');
    for (const link of this._network.linksOf(revived)) link.release();
  }

  /**
   * Tells of every attempt to connect to a host before its question leaves: the moment to refuse it, or to let it hang.
   *
   * @param listener - What it throws ends the run.
   * @returns Stops it again.
   */
  onConnect(listener: (attempt: SimConnect) => void): () => void {
    this._connectListeners.add(listener);
    return () => {
      this._connectListeners.delete(listener);
    };
  }

  /**
   * Tells of every connection before either of its ends hears of it: the moment to plan a fault.
   *
   * @param listener - What it throws ends the run.
   * @returns Stops it again.
   */
  onConnection(listener: (connection: SimConnection) => void): () => void {
    this._listeners.add(listener);
    return () => {
      this._listeners.delete(listener);
    };
  }

  /**
   * Lets the seed decide whether a fault happens. It is noted in the trace, and it can be left out when the run is
   * repeated to find out which faults matter.
   *
   * @param what - Names the fault: `reset`.
   * @param probability - From 0 to 1.
   */
  chance(what: string, probability: number): boolean {
    if (!(probability >= 0 && probability <= 1)) {
      throw new RangeError(`expected a probability from 0 to 1, got ${probability}`);
    }
    const happens = this.random.float() < probability; // drawn in any case: what follows must not depend on it
    if (!happens) return false;
    const index = this._faults.length;
    const isLeftOut = this._without.has(index);
    this._faults.push(what);
    this.note('seed', isLeftOut ? 'leaves out' : 'fault', 0, `${what} (${index})`);
    return !isLeftOut;
  }

  /** Draws a whole number from 0 to `below` - 1, as the seed has it. */
  draw(below: number): number {
    if (!(Number.isSafeInteger(below) && below >= 1))
      throw new RangeError(`expected below to be 1 or more, got ${below}`);
    return this.random.int(below);
  }

  /** The faults that {@link chance} decided for so far, those that were left out too. */
  get faults(): readonly string[] {
    return this._faults;
  }

  /** Virtual milliseconds since the start. */
  get nowMs(): number {
    return this._scheduler.nowMs;
  }

  now(): number {
    return this._scheduler.nowMs;
  }

  /** What it throws ends the run. */
  callLater(delayMs: number, fn: () => void): Timer {
    if (!(delayMs >= 0 && delayMs < Infinity)) throw new RangeError(`expected delayMs to be 0 or more, got ${delayMs}`);
    return this._scheduler.at(dueAt(this.nowMs, delayMs), 0, fn);
  }

  /** Of everything that happened so far: the same for the same seed and program, everywhere. */
  get traceHash(): string {
    return this._trace.hash;
  }

  /** The last things that happened, oldest first. */
  get trace(): readonly TraceEntry[] {
    return this._trace.entries();
  }

  /** The same, to read. */
  formatTrace(): string {
    return this._trace.entries().map(formatEntry).join('\n');
  }

  /**
   * Runs a program to its end, in virtual time.
   *
   * @returns What `main` returns.
   * @throws What `main` throws; {DeadlockError} if it waits and nothing will happen any more, or goes in circles;
   * {SimulationTimeoutError} after `timeoutMs` virtual milliseconds; {TypeError} if a program runs already, in this simulation or in
   * another one of the process.
   */
  async run<T>(main: () => Promise<T>, options: RunOptions = {}): Promise<T> {
    const { timeoutMs = Infinity, eventsAtOnce = 1_000_000 } = options;
    if (!(timeoutMs >= 0)) throw new RangeError(`expected timeoutMs to be 0 or more, got ${timeoutMs}`);
    if (!(eventsAtOnce >= 1)) throw new RangeError(`expected eventsAtOnce to be 1 or more, got ${eventsAtOnce}`);
    const before = registry[DEFAULT_TIMERS];
    if (before instanceof Simulation) {
      throw new TypeError('expected one run at a time in a process, since all share the default clock');
    }
    registry[DEFAULT_TIMERS] = this;
    let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
    this._scheduler.soon(() => {
      main().then(
        (value) => (outcome = { value }),
        (error: unknown) => (outcome = { error }),
      );
    });
    let standstill: Standstill | undefined;
    try {
      standstill = await this._scheduler.drive(() => outcome !== undefined, this.nowMs + timeoutMs, eventsAtOnce);
    } finally {
      registry[DEFAULT_TIMERS] = before;
    }
    if (standstill === 'late') throw new SimulationTimeoutError(timeoutMs, this._network.conditions());
    if (outcome === undefined) {
      const what =
        standstill === 'spinning'
          ? `the program is busy, but time stands still after ${eventsAtOnce} events`
          : 'the program waits, and nothing will happen any more';
      throw new DeadlockError(`${what} (seed ${this.seed}, at ${this.nowMs} ms)`, this._network.conditions());
    }
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }

  /** @internal */
  at(atMs: number, lane: number, run: () => void): SimEvent {
    return this._scheduler.at(atMs, lane, run);
  }

  /** @internal */
  soon(fn: () => void): void {
    this._scheduler.soon(fn);
  }

  /** @internal */
  connecting(attempt: SimConnect): void {
    for (const listener of this._connectListeners) listener(attempt);
  }

  /** @internal */
  connectionMade(connection: SimConnection): void {
    for (const listener of this._listeners) listener(connection);
  }

  /** @internal Events of one lane keep their order. */
  newLane(): number {
    return this._lanes++;
  }

  /** @internal */
  note(actor: string, what: string, amount = 0, detail = ''): void {
    this._trace.add(this.nowMs, actor, what, amount, detail);
  }

  /** @internal */
  noteBytes(actor: string, what: string, bytes: Uint8Array): void {
    this._trace.addBytes(this.nowMs, actor, what, bytes);
  }
}
