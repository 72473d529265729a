/**
 * Who holds what, since when, and where it was asked for: for the day on which a program stands still.
 *
 * @packageDocumentation
 */

import { timersOf } from '@millrace/timeouts';
import type { TimerSource } from '@millrace/timeouts';
import { setObserver } from './observer.js';
import type { Observer } from './observer.js';

/** Somebody who holds a lease, or waits. */
export interface Sighting {
  /** The name of the lock or whatever it is. */
  readonly primitive: string;
  /** What was called: `lock`, `read`, `write`, `acquire`, `wait` or `get`. */
  readonly operation: string;
  /** Milliseconds for which it has been held or waited for. */
  readonly forMs: number;
  /** The stack of the call that asked for it, where the host has stacks. */
  readonly stack: string;
}

/** Watches everything in this package, from {@link trackSync} until it is stopped. */
export interface SyncTracker extends Disposable {
  /** Those who hold something, who has it longest first. */
  holds(): Sighting[];
  /** Those who wait, who has waited longest first. */
  waits(): Sighting[];
  /**
   * Writes down who holds and who waits, by what they hold or wait for.
   *
   * @param longerThanMs - Leaves out what has not lasted longer, in milliseconds. Default: nothing is left out.
   */
  report(longerThanMs?: number): string;
  /** Stops watching, and forgets all. */
  stop(): void;
}

let isTracking = false;

/**
 * Starts to write down who holds and who waits. What is held already is not known.
 *
 * Meanwhile the error of a second release has the first one as its `cause`, with both stacks.
 *
 * @param options - `timers`: the clock to measure with. Default: the host's.
 * @throws {Error} If somebody is tracking already.
 * @remarks
 * Cost: a stack trace for each wait and each lease, some microseconds.
 */
export function trackSync(options?: { readonly timers?: TimerSource | undefined }): SyncTracker {
  if (isTracking) throw new Error('somebody is tracking already: stop that tracker first');
  isTracking = true;
  const tracker = new Tracker(timersOf(undefined, options?.timers));
  setObserver(tracker);
  return tracker;
}

interface Entry {
  readonly primitive: { readonly name: string };
  readonly operation: string;
  readonly sinceMs: number;
  readonly stack: string;
}

class Tracker implements SyncTracker, Observer {
  private readonly _timers: TimerSource;
  private readonly _waits = new Map<object, Entry>();
  private readonly _holds = new Map<object, Entry>();
  private readonly _releases = new WeakMap<object, Error>();
  private _isStopped = false;

  constructor(timers: TimerSource) {
    this._timers = timers;
  }

  observeWait(waiter: object, primitive: Entry['primitive'], operation: string): void {
    this._waits.set(waiter, { primitive, operation, sinceMs: this._timers.now(), stack: stackOfCaller() });
  }

  observeLeave(waiter: object): void {
    this._waits.delete(waiter);
  }

  observeHold(lease: object, primitive: Entry['primitive'], operation: string, waiter: object | undefined): void {
    // Who had to wait is granted it in somebody else's call.
    const stack = (waiter && this._waits.get(waiter)?.stack) ?? stackOfCaller();
    this._holds.set(lease, { primitive, operation, sinceMs: this._timers.now(), stack });
  }

  observeRelease(lease: object): void {
    const entry = this._holds.get(lease);
    if (entry === undefined) return;
    this._holds.delete(lease);
    const error = new Error(`${entry.primitive.name} was released here; it was taken\n${entry.stack}`);
    this._releases.set(lease, error);
  }

  releaseOf(lease: object): Error | undefined {
    return this._releases.get(lease);
  }

  holds(): Sighting[] {
    return Array.from(this._holds.values(), (entry) => this._sighting(entry));
  }

  waits(): Sighting[] {
    return Array.from(this._waits.values(), (entry) => this._sighting(entry));
  }

  report(longerThanMs = -1): string {
    const now = this._timers.now();
    const lines = new Map<Entry['primitive'], string[]>();
    for (const [what, entries] of [
      ['held', this._holds],
      ['waiting', this._waits],
    ] as const) {
      for (const { primitive, operation, sinceMs, stack } of entries.values()) {
        if (now - sinceMs <= longerThanMs) continue;
        let block = lines.get(primitive);
        if (block === undefined) lines.set(primitive, (block = [primitive.name]));
        block.push(`  ${what} for ${Math.round(now - sinceMs)} ms (${operation})`, stack);
      }
    }
    return lines.size === 0 ? 'nothing is held or waited for' : [...lines.values()].flat().join('\n');
  }

  stop(): void {
    if (this._isStopped) return;
    this._isStopped = true;
    isTracking = false;
    setObserver(undefined);
    this._holds.clear();
    this._waits.clear();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  private _sighting({ primitive, operation, sinceMs, stack }: Entry): Sighting {
    return { primitive: primitive.name, operation, forMs: this._timers.now() - sinceMs, stack };
  }
}

/** Frames to keep, some of which are of this package. */
const STACK_FRAMES = 20;

/** The stack without its head and the frames of this file. */
function stackOfCaller(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = STACK_FRAMES;
  const lines = (new Error().stack ?? '').split('\n');
  Error.stackTraceLimit = limit;
  const first = lines.findLastIndex((line) => line.includes('observe')) + 1;
  return lines.slice(first).join('\n');
}
