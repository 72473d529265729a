import type { Timer } from '@millrace/timeouts';

/** Something that will happen. */
export class SimEvent implements Timer {
  readonly atMs: number;
  /** Events of one lane happen in the order in which they were scheduled, where their times are equal. */
  readonly tie: number;
  readonly order: number;
  /** `undefined` once it happened or was cancelled. */
  run: (() => void) | undefined;
  private readonly _queue: EventQueue;

  constructor(queue: EventQueue, atMs: number, tie: number, order: number, run: () => void) {
    this._queue = queue;
    this.atMs = atMs;
    this.tie = tie;
    this.order = order;
    this.run = run;
  }

  cancel(): void {
    if (this.run === undefined) return;
    this.run = undefined;
    this._queue.cancelled();
  }

  ref(): void {
    // A simulation goes on as long as its program does, whatever is pending.
  }

  unref(): void {
    // As above.
  }
}

/** What will happen, the soonest first; a binary heap. */
export class EventQueue {
  private _heap: SimEvent[] = [];
  private readonly _seed: number;
  private _order = 0;
  /** How many of the heap were cancelled. */
  private _dead = 0;

  constructor(seed: number) {
    this._seed = seed >>> 0;
  }

  add(atMs: number, lane: number, run: () => void): SimEvent {
    const event = new SimEvent(this, atMs, tieOf(this._seed, lane, atMs), this._order++, run);
    const heap = this._heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent] as SimEvent)) break;
      heap[at] = heap[parent] as SimEvent;
      at = parent;
    }
    heap[at] = event;
    return event;
  }

  /** How many it holds, those among them that were cancelled and not forgotten yet. */
  get length(): number {
    return this._heap.length;
  }

  /** When the soonest one happens that was not cancelled; `Infinity` if there is none. */
  get nextAtMs(): number {
    for (let first = this._heap[0]; first !== undefined; first = this._heap[0]) {
      if (first.run !== undefined) return first.atMs;
      this._pop();
      this._dead--;
    }
    return Infinity;
  }

  /** Removes the soonest one that was not cancelled. */
  take(): SimEvent | undefined {
    let event = this._pop();
    while (event !== undefined && event.run === undefined) {
      this._dead--;
      event = this._pop();
    }
    return event;
  }

  /** Called when one of the events is cancelled: timeouts that did not come are most of what there is, and far away. */
  cancelled(): void {
    this._dead++;
    if (this._dead < 1024 || this._dead * 2 < this._heap.length) return;
    this._heap = this._heap.filter(({ run }) => run !== undefined).sort((a, b) => (isBefore(a, b) ? -1 : 1));
    this._dead = 0;
  }

  private _pop(): SimEvent | undefined {
    const heap = this._heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || last === first) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as SimEvent, heap[child] as SimEvent)) child++;
      if (!isBefore(heap[child] as SimEvent, last)) break;
      heap[at] = heap[child] as SimEvent;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  if (a.tie !== b.tie) return a.tie < b.tie;
  return a.order < b.order;
}

const number = new DataView(new ArrayBuffer(8));

/** Of lanes that have something to do at the same time, the seed chooses who comes first. */
function tieOf(seed: number, lane: number, atMs: number): number {
  number.setFloat64(0, atMs);
  let mixed = seed ^ Math.imul(lane + 1, 0x9e3779b1) ^ number.getUint32(0) ^ Math.imul(number.getUint32(4), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d); // constants: Chris Wellons, hash prospector
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
