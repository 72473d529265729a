/** Holds what a queue has accepted; `weight` is the sum over the items. Nothing may be taken while `size` is 0. */
export interface Store<T> {
  size: number;
  weight: number;
  add(item: T, weight: number): void;
  /** Takes the last item or the first one. */
  take(isLast: boolean): T;
}

/** In the order of arrival: a ring of 2^n slots that grows with what is in it, each item followed by its weight. */
// perf: micro/async-queue/take-ready. A class has the same methods for all queues; an object literal has its own.
export class Ring<T> implements Store<T> {
  size = 0;
  weight = 0;
  #slots: unknown[] = [];
  #mask = 15;
  #head = 0;

  add(item: T, weight: number): void {
    const slots = this.#slots;
    const offset = this.size++ * 2;
    if (offset > this.#mask) {
      // What had wrapped around goes behind the rest.
      for (let at = 0; at < this.#head; at++) {
        slots.push(slots[at]);
        slots[at] = undefined;
      }
      this.#mask += this.#mask + 1;
    }
    const at = (this.#head + offset) & this.#mask;
    slots[at] = item;
    slots[at + 1] = weight;
    this.weight += weight;
  }

  take(isLast: boolean): T {
    const slots = this.#slots;
    const size = --this.size;
    let at = this.#head;
    if (isLast) at = (at + size * 2) & this.#mask;
    else this.#head = (at + 2) & this.#mask;
    const item = slots[at] as T;
    slots[at] = undefined;
    // Sums of fractions drift: what is empty weighs 0.
    this.weight = size && this.weight - (slots[at + 1] as number);
    if (!size && this.#mask > 999) {
      // A burst does not hold its memory for ever.
      this.#slots = [];
      this.#mask = 15;
      this.#head = 0;
    }
    return item;
  }

  /** Takes up to `count` of the first items, of which there is one at least. */
  takeMany(count: number): T[] {
    // perf: micro/async-queue/take-ready. To fill an array of this length takes half the time that pushing does.
    const items = new Array<T>(Math.min(count, this.size));
    for (let index = 0; index < items.length;) items[index++] = this.take(false);
    return items;
  }
}

interface Entry<T> {
  readonly item: T;
  readonly weight: number;
}

/**
 * By a comparator: what compares lowest is last, and of equals the one that came first.
 *
 * Sorted runs in a sorted list. Unlike a heap it asks the comparator for adding only, so one that throws fails the put
 * that called it and nobody else; it keeps the order of equals; and it has both ends at hand.
 */
export function makeSorted<T>(compare: (a: T, b: T) => number): Store<T> {
  const runs: Entry<T>[][] = [[]];
  let changes = 0;
  return {
    size: 0,
    weight: 0,
    add(item, weight) {
      const seen = changes;
      const isBefore = (entry: Entry<T>): boolean => seen === changes && compare(item, entry.item) < 0;
      let at = 0;
      let low = 0;
      while (at < runs.length - 1 && isBefore((runs[at] as Entry<T>[]).at(-1) as Entry<T>)) at++;
      const run = runs[at] as Entry<T>[];
      for (let high = (run as Entry<T>[] | undefined)?.length as number; low < high;) {
        const middle = (low + high) >> 1;
        if (isBefore(run[middle] as Entry<T>)) low = middle + 1;
        else high = middle;
      }
      // The comparator may have taken something: then the search was among what is not there any more.
      if (seen < changes) {
        this.add(item, weight);
        return;
      }
      changes++;
      run.splice(low, 0, { item, weight });
      // Inserting moves what lies behind: cheap up to here.
      if (run.length > 999) runs.splice(at + 1, 0, run.splice(500));
      this.size++;
      this.weight += weight;
    },
    take(isLast) {
      changes++;
      this.size--;
      const end = isLast ? -1 : 0;
      const run = runs.at(end) as Entry<T>[];
      const [entry] = run.splice(end, 1) as [Entry<T>];
      if (!run.length && this.size) runs.splice(end, 1);
      this.weight = this.size && this.weight - entry.weight;
      return entry.item;
    },
  };
}
