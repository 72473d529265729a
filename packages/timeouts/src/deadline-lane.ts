import { defaultTimers } from './default-timers.js';
import { TimerEntry } from './timer-entry.js';
import { TimerRing } from './timer-ring.js';
import type { TimerSource } from './timer-source.js';

const FIRST_CAPACITY = 16;

/**
 * The deadlines of operations that finish in the order in which they began.
 *
 * An operation that begins writes down its time and one that finishes crosses it out; nothing is armed for either. The
 * lane as a whole is armed for the earliest time in it, which is the oldest one's where all have the same timeout.
 *
 * @remarks
 * Lifetime: does not hold the process open. A lane that is dropped with deadlines in it still reports them: call
 * {@link DeadlineLane.clear}.
 * Cost: `push` and `shift` are O(1), read no clock and allocate nothing once there is room. Where the times are in
 * order, finding what has expired looks no further than that; else it looks at all.
 */
export class DeadlineLane {
  /** By sequence number, modulo the capacity, which is a power of two. */
  #dueAt = new Float64Array(FIRST_CAPACITY);
  #first = 0;
  #end = 0;
  /** The latest time in line that is not `Infinity`, as long as the times are in order. */
  #latestAt = -Infinity;
  #isInOrder = true;
  /** The lane is armed for this time or is in the middle of a check, and nothing in it is due sooner. */
  #wakeAt = Infinity;
  readonly #ring: TimerRing;
  readonly #timers: TimerSource;
  readonly #onExpire: (position: number) => void;
  readonly #alarm: TimerEntry;

  /**
   * Makes an empty lane.
   *
   * @param onExpire - Called once for each operation whose time has passed, with its place in line: 0 is the oldest one
   * that has not finished. The operation stays in line until `shift`. May call any method of the lane.
   * @param timers - The clock. Default: {@link defaultTimers}.
   */
  constructor(onExpire: (position: number) => void, timers: TimerSource = defaultTimers()) {
    this.#onExpire = onExpire;
    this.#timers = timers;
    this.#ring = TimerRing.of(timers);
    this.#alarm = new Alarm(() => {
      this.#check();
    });
  }

  /** How many operations are in line. */
  get length(): number {
    return this.#end - this.#first;
  }

  /**
   * Begins an operation: the newest in line.
   *
   * @param dueAt - Its deadline on the lane's clock in milliseconds; `Infinity` for none. A reading of the clock that is
   * older than the operation makes it as much too early.
   * @throws {RangeError} If `dueAt` is NaN; the line is as before.
   */
  push(dueAt: number): void {
    if (Number.isNaN(dueAt)) throw new RangeError('expected dueAt to be a time, but saw NaN');
    if (this.length === this.#dueAt.length) this.#grow();
    if (dueAt < this.#latestAt) this.#isInOrder = false;
    else if (dueAt < Infinity) this.#latestAt = dueAt;
    this.#dueAt[this.#end & (this.#dueAt.length - 1)] = dueAt;
    this.#end++;
    this.#wakeBy(dueAt);
  }

  /**
   * Finishes the oldest operation.
   *
   * @throws {RangeError} If none is in line.
   */
  shift(): void {
    if (this.length === 0) throw new RangeError('expected an operation in line, but the lane is empty');
    this.#first++;
    if (this.length === 0) this.#rest();
  }

  /** Forgets all operations. */
  clear(): void {
    this.#first = this.#end;
    this.#rest();
    this.#sleep();
  }

  #at(sequence: number): number {
    return this.#dueAt[sequence & (this.#dueAt.length - 1)] ?? Infinity;
  }

  #rest(): void {
    this.#isInOrder = true;
    this.#latestAt = -Infinity;
    // perf: timeouts/lane. On the host an alarm that nobody needs costs less when it rings once than to call it off.
    if (this.#timers.isSimulated !== false) this.#sleep();
  }

  #sleep(): void {
    this.#ring.disarm(this.#alarm);
    this.#wakeAt = Infinity;
  }

  #wakeBy(dueAt: number): void {
    if (dueAt >= this.#wakeAt) return;
    this.#ring.armAt(this.#alarm, dueAt);
    this.#wakeAt = dueAt;
  }

  #check(): void {
    const now = this.#timers.now();
    const end = this.#end;
    this.#wakeAt = -Infinity;
    try {
      for (let sequence = this.#first; sequence < end; sequence = Math.max(sequence + 1, this.#first)) {
        const dueAt = this.#at(sequence);
        if (dueAt <= now) {
          this.#dueAt[sequence & (this.#dueAt.length - 1)] = Infinity;
          this.#onExpire(sequence - this.#first);
        } else if (this.#isInOrder && dueAt < Infinity) {
          break;
        }
      }
    } finally {
      this.#wakeAt = Infinity;
      this.#wakeBy(this.#findEarliest());
    }
  }

  #findEarliest(): number {
    let earliestAt = Infinity;
    for (let sequence = this.#first; sequence < this.#end; sequence++) {
      earliestAt = Math.min(earliestAt, this.#at(sequence));
      if (this.#isInOrder && earliestAt < Infinity) break;
    }
    return earliestAt;
  }

  #grow(): void {
    const larger = new Float64Array(this.#dueAt.length * 2);
    for (let sequence = this.#first; sequence < this.#end; sequence++) {
      larger[sequence & (larger.length - 1)] = this.#at(sequence);
    }
    this.#dueAt = larger;
  }
}

class Alarm extends TimerEntry {
  readonly #ring: () => void;

  constructor(ring: () => void) {
    super();
    this.#ring = ring;
  }

  override onExpire(): void {
    this.#ring();
  }
}
