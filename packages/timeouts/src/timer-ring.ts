// A hashed wheel. The slot of a tick (its number modulo SLOTS) lists, in the order of arming, the entries whose time lies
// in that tick of this turn of the wheel or of a later one. One timer of the source wakes the ring at the earliest time
// there is; the sweep then reads the clock and walks the slots from the last tick that it has seen to the present one.
//
// Rules
// 1. Only `dueAt <= now`, with the clock read in the sweep, expires an entry. Slots and wake-ups say where and when to look.
// 2. A sweep first moves all that is due to the list DUE, and nothing else runs meanwhile; then it takes from there, and
//    `onExpire` may do as it likes. What is armed by it waits for another sweep; what is left when the time is up, or
//    when something is thrown, is for the next turn of the loop.
// 3. `#tick` is the last tick that a sweep has looked at, and where the next begins. Nothing is put into a slot before it.
// 4. On the host's clock a long delay is counted from the next sweep, half a tick away at most. Until then the entry is
//    in the list FRESH, with its delay, negative, for a time. A reading that is older than the arming would be early.
//
// perf: timeouts/arm-disarm. To read the host's clock costs 48 ns, twice as much as all the rest; hence rule 4. Lists are
// numbers in arrays, not fields of the entries: entries are of many classes, and links through more than three cost 2-3x.
// An index is always in range, and `as number` says so: to make sure of it each time costs a third of all.

import { checkMs, MAX_DELAY_MS } from './check-ms.js';
import { partnerOf } from './partner-of.js';
import { hostTimers } from './host-timer-source.js';
import type { TimerEntry } from './timer-entry.js';
import type { Timer, TimerSource } from './timer-source.js';

const SLOTS = 1024;
const SLOT_MASK = SLOTS - 1;
// Numbers below SLOTS are the slots' own, as the heads of their lists; two more lists have theirs, and entries the rest.
const DUE = SLOTS;
const FRESH = SLOTS + 1;
const FIRST_ID = SLOTS + 2;

const DEFAULT_TICK_MS = 16;
/** A delay of so many ticks is long. */
const LONG_TICKS = 32;
/** How long a sweep goes on before it lets the loop turn. */
const MAX_SWEEP_MS = 2;
/** How many entries it moves from one list to another, which is quick. */
const MAX_MOVED = 20_000;
/** How many entries it expires between two looks at the clock. */
const EXPIRIES_PER_LOOK = 8;
/** A slot with more entries is not searched for the earliest of them. */
const MAX_SEARCHED = 64;

// perf: micro/async-queue/limits. To look it up by its clock costs 10 ns.
let hostRing: TimerRing | undefined;
const rings = new WeakMap<TimerSource, TimerRing>();

/**
 * Timeouts by the hundred thousand on one timer of a {@link TimerSource}.
 *
 * An entry expires at its time or later, by a tick at most while the loop is not blocked; never before, however long
 * it was blocked. Few entries expire as exactly as the source's own timers; long delays and crowds are rounded up.
 *
 * @remarks
 * Lifetime: the ring holds an armed entry and what it refers to; neither holds the process open. The source's timer
 * exists only while something is armed; where the source says `isSimulated: false` it is left to run out once.
 * Cost: arming and disarming are O(1) and allocate nothing, except room when more are armed than ever before. A sweep
 * with much to do is spread over several turns of the loop.
 */
export class TimerRing {
  readonly #source: TimerSource;
  readonly #tickMs: number;
  readonly #isHost: boolean;
  readonly #onWake = (): void => {
    this.#sweep();
  };
  #timer: Timer | undefined = undefined;
  /** When the timer calls, `Infinity` if there is none; an entry that is due sooner moves it. */
  #wakeAt = Infinity;
  /** A wake-up by then is soon enough for all that is fresh. */
  #soonAt = -Infinity;
  #tick: number;
  #armedCount = 0;

  readonly #next: number[] = [];
  readonly #previous: number[] = [];
  readonly #dueAt: number[] = [];
  readonly #entries: (TimerEntry | undefined)[] = [];
  /** Numbers that were given back, linked by `#next`; 0 ends the list. */
  #free = 0;

  /**
   * Makes a ring of its own; {@link TimerRing.of} gives the one that everything on a source shares.
   *
   * @param source - The clock.
   * @param options - `tickMs`: the width of a slot in milliseconds, above 0. Default 16.
   * @throws {RangeError} If `tickMs` is not a finite number above 0.
   */
  constructor(source: TimerSource, options?: { tickMs?: number | undefined }) {
    const tickMs = options?.tickMs ?? DEFAULT_TICK_MS;
    if (!(tickMs > 0 && tickMs < Infinity)) {
      throw new RangeError(`expected tickMs to be finite and above 0, but saw ${tickMs}`);
    }
    this.#source = source;
    this.#tickMs = tickMs;
    this.#isHost = source.isSimulated === false;
    this.#tick = Math.floor(source.now() / tickMs);
    for (let head = 0; head < FIRST_ID; head++) {
      this.#next[head] = this.#previous[head] = this.#dueAt[head] = head;
      this.#entries[head] = undefined;
    }
  }

  /** Returns the ring that everything on `source` shares. It is made by the first call. */
  static of(source: TimerSource): TimerRing {
    return source === hostTimers ? (hostRing ??= new TimerRing(source)) : partnerOf(rings, source, TimerRing);
  }

  /**
   * Has `entry.onExpire` called `delayMs` from now. An entry that is armed already gets the new time instead of the old.
   *
   * @param delayMs - Milliseconds, 0 or more. `Infinity` never comes: the entry is disarmed.
   * @throws {RangeError} If `delayMs` is NaN or negative; the entry stays as it was.
   * @throws {TypeError} If the entry is armed in another ring.
   * @remarks
   * Cost: where the source says `isSimulated: false`, a delay of 32 ticks or more reads no clock. It is counted from the
   * ring's next look at it: half a tick later at most, but if the loop is blocked meanwhile, from the end of that. Use
   * {@link TimerRing.armAt} where that matters, as every operation of this package does.
   * Reentrancy: never calls `onExpire` from inside, and what `onExpire` arms for 0 ms waits for another sweep.
   */
  arm(entry: TimerEntry, delayMs: number): void {
    checkMs(delayMs, 'delayMs');
    if (this.#isHost && delayMs >= LONG_TICKS * this.#tickMs && delayMs < Infinity) {
      this.disarm(entry);
      if (this.#wakeAt > this.#soonAt) {
        this.#soonAt = this.#source.now() + this.#tickMs / 2;
        this.#wakeBy(this.#soonAt);
      }
      this.#insert(entry, FRESH, -delayMs);
    } else {
      this.armAt(entry, this.#source.now() + delayMs);
    }
  }

  /**
   * Has `entry.onExpire` called at `dueAt`, like {@link TimerRing.arm}, without reading the clock.
   *
   * @param dueAt - A moment on the source's clock in milliseconds. One that has passed expires in the next sweep.
   * @throws {RangeError} If `dueAt` is NaN.
   * @throws {TypeError} If the entry is armed in another ring.
   */
  armAt(entry: TimerEntry, dueAt: number): void {
    if (Number.isNaN(dueAt)) throw new RangeError('expected dueAt to be a time, but saw NaN');
    this.disarm(entry);
    if (dueAt === Infinity) return;
    if (this.#isHost && dueAt < 0) dueAt = 0; // a host counts from 0 up, and below is the mark of what is fresh
    this.#wakeBy(dueAt);
    this.#insert(entry, this.#slotOf(dueAt), dueAt);
  }

  /**
   * Takes `entry` out; does nothing if it is not armed.
   *
   * @throws {TypeError} If the entry is armed in another ring; it stays so.
   */
  disarm(entry: TimerEntry): void {
    const id = entry._ringId;
    if (id === 0) return;
    if (this.#entries[id] !== entry) throw new TypeError('the entry is armed in another ring');
    this.#remove(entry, id);
    if (this.#armedCount === 0 && !this.#isHost) this.#stop();
  }

  /**
   * Tells how long an entry has left.
   *
   * @returns Milliseconds, negative if it is overdue; `Infinity` if it is not armed in this ring.
   */
  leftMs(entry: TimerEntry): number {
    const id = entry._ringId;
    if (this.#entries[id] !== entry) return Infinity;
    const dueAt = this.#dueAt[id] as number;
    return this.#isHost && dueAt < 0 ? -dueAt : dueAt - this.#source.now();
  }

  #insert(entry: TimerEntry, list: number, dueAt: number): void {
    let id = this.#free;
    if (id === 0) id = this.#next.length;
    else this.#free = this.#next[id] as number;
    this.#append(list, id);
    this.#dueAt[id] = dueAt;
    this.#entries[id] = entry;
    entry._ringId = id;
    this.#armedCount++;
  }

  #remove(entry: TimerEntry, id: number): void {
    this.#unlink(id);
    this.#next[id] = this.#free;
    this.#free = id;
    this.#entries[id] = undefined;
    entry._ringId = 0;
    this.#armedCount--;
  }

  #append(list: number, id: number): void {
    const last = this.#previous[list] as number;
    this.#next[last] = id;
    this.#previous[id] = last;
    this.#next[id] = list;
    this.#previous[list] = id;
  }

  #unlink(id: number): void {
    const previous = this.#previous[id] as number;
    const next = this.#next[id] as number;
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }

  #slotOf(dueAt: number): number {
    return Math.max(Math.floor(dueAt / this.#tickMs), this.#tick) & SLOT_MASK;
  }

  #sweep(): void {
    const now = this.#source.now();
    const minDelayMs = now < this.#wakeAt ? 1 : 0;
    this.#timer = undefined;
    this.#wakeAt = -Infinity; // what is armed meanwhile leaves the wake-up to the end
    let wakeAt = now;
    try {
      if (this.#placeFresh(now) && this.#collectDue(now) && this.#expireDue(now)) wakeAt = this.#findEarliest(now);
    } finally {
      this.#wakeAt = Infinity;
      if (this.#next[FRESH] !== FRESH) {
        this.#soonAt = now + this.#tickMs / 2;
        wakeAt = Math.min(wakeAt, this.#soonAt);
      }
      // A source that calls early gets a whole millisecond: a tiny rest might never move its clock.
      if (this.#armedCount > 0) this.#wake(wakeAt, minDelayMs);
    }
  }

  /** Returns false, as the next two do, if there is more to do in another turn of the loop. */
  #placeFresh(now: number): boolean {
    for (let moved = 0; moved < MAX_MOVED; moved++) {
      const id = this.#next[FRESH] as number;
      if (id === FRESH) return true;
      const dueAt = now - (this.#dueAt[id] as number);
      this.#dueAt[id] = dueAt;
      this.#unlink(id);
      this.#append(this.#slotOf(dueAt), id);
    }
    return false;
  }

  #collectDue(now: number): boolean {
    const newest = Math.floor(now / this.#tickMs);
    let moved = 0;
    for (this.#tick = Math.max(this.#tick, newest - SLOT_MASK); ; this.#tick++) {
      const slot = this.#tick & SLOT_MASK;
      let id = this.#next[slot] as number;
      while (id !== slot) {
        const next = this.#next[id] as number;
        if ((this.#dueAt[id] as number) <= now) {
          if (moved++ === MAX_MOVED) return false;
          this.#unlink(id);
          this.#append(DUE, id);
        }
        id = next;
      }
      if (this.#tick >= newest) return true;
    }
  }

  #expireDue(now: number): boolean {
    for (let count = 1; ; count++) {
      const id = this.#next[DUE] as number;
      const entry = this.#entries[id];
      if (entry === undefined) return true;
      const overdueMs = now - (this.#dueAt[id] as number);
      this.#remove(entry, id);
      entry.onExpire(overdueMs);
      if (count % EXPIRIES_PER_LOOK === 0 && this.#source.now() - now > MAX_SWEEP_MS) return false;
    }
  }

  /** When the next sweep is worth while: at the earliest time there is, or with half a tick of a crowd. */
  #findEarliest(now: number): number {
    const halfMs = this.#tickMs / 2;
    let earliestAt = Infinity;
    for (let tick = this.#tick; tick < this.#tick + SLOTS; tick++) {
      const slot = tick & SLOT_MASK;
      const beginAt = tick * this.#tickMs;
      let id = this.#next[slot] as number;
      for (let searched = 0; id !== slot; searched++) {
        if (searched === MAX_SEARCHED) return (Math.floor(Math.max(now, beginAt) / halfMs) + 1) * halfMs;
        earliestAt = Math.min(earliestAt, this.#dueAt[id] as number);
        id = this.#next[id] as number;
      }
      if (earliestAt < beginAt + this.#tickMs) break;
    }
    return earliestAt;
  }

  #wakeBy(dueAt: number): void {
    if (dueAt < this.#wakeAt) this.#wake(dueAt, 0);
  }

  #wake(dueAt: number, minDelayMs: number): void {
    const now = this.#source.now();
    let delayMs = dueAt - now;
    if (now + delayMs < dueAt) delayMs += Math.abs(dueAt) * Number.EPSILON; // it was rounded down
    delayMs = Math.min(Math.max(delayMs, minDelayMs), MAX_DELAY_MS);
    const timer = this.#source.callLater(delayMs, this.#onWake);
    timer.unref();
    this.#stop(); // not before: a source that refuses leaves the old one
    this.#timer = timer;
    this.#wakeAt = Math.min(dueAt, now + delayMs);
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#wakeAt = Infinity;
  }
}
