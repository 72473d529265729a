import { hostTimers } from '@millrace/timeouts';
import { EventQueue, type SimEvent } from './event-queue.js';

/**
 * How long a simulation that is quiet waits for promises that the host settles, such as a digest's: so many of its turns, and
 * so many milliseconds of its time, which a busy machine lets pass in few turns, or in none of its thread pool.
 */
const QUIET_TURNS = 20;
const QUIET_MS = 50;

/** Who schedules himself again and again takes no time by that; after so many times it goes on all the same. */
const MAX_SOONS_IN_A_ROW = 1000;

/** After how many events the host gets a turn, for its signals. */
const EVENTS_PER_TURN = 4096;

/** Why a run came to its end without an outcome. */
export type Standstill = 'quiet' | 'late' | 'spinning';

/**
 * Virtual time: makes what is scheduled happen, one event at a time, each followed by all of its microtasks.
 *
 * perf: 10 connections with a heartbeat a second over 10,000 s are 400,000 events; a turn of the host for each would take
 * most of the time, so microtasks are drained by `process.nextTick` where the host has it.
 */
export class Scheduler {
  nowMs = 0;
  private readonly _queue: EventQueue;
  private readonly _soon: (() => void)[] = [];
  private _soonHead = 0;
  private _soonsInARow = 0;

  constructor(seed: number) {
    this._queue = new EventQueue(seed);
  }

  /** Runs `run` at `atMs`, in the order of `lane` among those of the same time. */
  at(atMs: number, lane: number, run: () => void): SimEvent {
    return this._queue.add(Math.max(atMs, this.nowMs), lane, run);
  }

  /** Runs `fn` after the current event and its microtasks, before anything else happens. */
  soon(fn: () => void): void {
    this._soon.push(fn);
  }

  /**
   * Lets things happen until `isOver`.
   *
   * @param untilMs - The virtual time at which to give up.
   * @param eventsAtOnce - How much may happen while time stands still.
   * @returns Why it gave up, or `undefined` if it is over.
   */
  async drive(isOver: () => boolean, untilMs: number, eventsAtOnce: number): Promise<Standstill | undefined> {
    let quietTurns = 0;
    let quietSinceMs = 0;
    let atMs = this.nowMs;
    let atOnce = 0;
    for (let events = 0; !isOver(); events++) {
      if (events % EVENTS_PER_TURN === EVENTS_PER_TURN - 1) await hostTurn();
      const next = this._next(untilMs);
      if (next === 'late') return 'late';
      if (next !== undefined) {
        quietTurns = 0;
        if (this.nowMs > atMs) {
          atMs = this.nowMs;
          atOnce = 0;
        } else if (++atOnce > eventsAtOnce) return 'spinning';
        next();
        await drained();
      } else {
        if (quietTurns++ === 0) quietSinceMs = hostTimers.now();
        if (quietTurns > QUIET_TURNS && hostTimers.now() - quietSinceMs >= QUIET_MS) return 'quiet';
        await hostTurn();
      }
    }
    return undefined;
  }

  private _next(untilMs: number): (() => void) | 'late' | undefined {
    const soon = this._soon[this._soonHead];
    if (soon !== undefined && this._soonsInARow < MAX_SOONS_IN_A_ROW) {
      this._soonHead++;
      this._soonsInARow++;
      if (this._soonHead === this._soon.length) {
        this._soon.length = 0;
        this._soonHead = 0;
      }
      return soon;
    }
    this._soonsInARow = 0;
    if (this._queue.nextAtMs > untilMs && this._queue.nextAtMs < Infinity) return 'late';
    const event = this._queue.take();
    if (event?.run === undefined) return undefined;
    this.nowMs = event.atMs;
    const { run } = event;
    event.run = undefined;
    return run;
  }
}

/** When `delayMs` from now is: the sum may be rounded down, and nothing comes early. */
export function dueAt(nowMs: number, delayMs: number): number {
  const atMs = nowMs + delayMs;
  return atMs - nowMs < delayMs ? atMs * (1 + Number.EPSILON) : atMs;
}

const { process } = globalThis as { process?: { nextTick?: (fn: () => void) => void } };
const nextTick = process?.nextTick?.bind(process);

/** Resolves in another turn of the host. */
function hostTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });
}

/** Resolves when no microtask is left, and what the program asked for by a tick of its own has happened, too. */
async function drained(): Promise<void> {
  if (nextTick === undefined) return hostTurn();
  await new Promise<void>(nextTick); // a tick comes after all microtasks, and together with those of the program
  return new Promise(nextTick); // so that theirs are over at the next one
}
