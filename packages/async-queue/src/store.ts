/** Holds what a queue has accepted; `weight` is the sum over the items. Nothing may be taken while `size` is 0. */
export interface Store<T> {
  size: number;
  weight: number;
  add(item: T, weight: number): void;
  /** Takes the last item or the first one. */
  take(isLast: boolean): T;
}

/** In the order of arrival: a ring of 2^n slots that grows with what is in it, each item followed by its weight. */
export function makeRing<T>(isLifo: boolean): Store<T> {
  let slots: unknown[] = [];
  let mask = 15;
  let head = 0;
  return {
    size: 0,
    weight: 0,
    add(item, weight) {
      if (this.size * 2 > mask) {
        // What had wrapped around goes behind the rest.
        for (let at = 0; at < head; at++) {
          slots.push(slots[at]);
          slots[at] = undefined;
        }
        mask += mask + 1;
      }
      const at = (head + this.size++ * 2) & mask;
      slots[at] = item;
      slots[at + 1] = weight;
      this.weight += weight;
    },
    take(isLast) {
      this.size--;
      let at = head;
      if (isLast && isLifo) at = (head + this.size * 2) & mask;
      else head = (head + 2) & mask;
      const item = slots[at] as T;
      slots[at] = undefined;
      // Sums of fractions drift: what is empty weighs 0.
      this.weight = this.size && this.weight - (slots[at + 1] as number);
      if (!this.size && mask > 999) {
        // A burst does not hold its memory for ever.
        slots = [];
        mask = 15;
        head = 0;
      }
      return item;
    },
  };
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
  return {
    size: 0,
    weight: 0,
    add(item, weight) {
      let at = 0;
      while (at < runs.length - 1 && compare(item, ((runs[at] as Entry<T>[]).at(-1) as Entry<T>).item) < 0) at++;
      const run = runs[at] as Entry<T>[];
      let low = 0;
      for (let high = run.length; low < high;) {
        const middle = (low + high) >> 1;
        if (compare(item, (run[middle] as Entry<T>).item) < 0) low = middle + 1;
        else high = middle;
      }
      run.splice(low, 0, { item, weight });
      // Inserting moves what lies behind: cheap up to here.
      if (run.length > 999) runs.splice(at + 1, 0, run.splice(500));
      this.size++;
      this.weight += weight;
    },
    take(isLast) {
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
