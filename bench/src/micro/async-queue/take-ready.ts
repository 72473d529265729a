import { AsyncQueue } from '@millrace/async-queue';
import { pushable } from 'it-pushable';
import type { Benchmark, Contender } from '../../kit/contender.js';

/** Items that are there when the taking begins. */
const FEW = 100;
const MANY = 1000;

/** Puts numbers from `first` on, and returns the sum of what it takes. */
type Taker = (first: number) => Promise<number> | number;

function contender(name: string, ready: number, take: Taker): Contender {
  return {
    name,
    check: () => take(7),
    run: async (count) => {
      for (let done = 0; done < count; done += ready) {
        const sum = take(done);
        if (typeof sum !== 'number') await sum;
      }
    },
  };
}

function awaited(ready: number): Taker {
  const queue = new AsyncQueue<number>({ capacity: MANY });
  return async (first) => {
    for (let i = 0; i < ready; i++) queue.tryPut(first + i);
    let sum = 0;
    for (let i = 0; i < ready; i++) sum += await queue.take();
    return sum;
  };
}

function tried(ready: number): Taker {
  const queue = new AsyncQueue<number>({ capacity: MANY });
  return (first) => {
    for (let i = 0; i < ready; i++) queue.tryPut(first + i);
    let sum = 0;
    for (let item = queue.tryTake(); item !== undefined; item = queue.tryTake()) sum += item;
    return sum;
  };
}

function batched(ready: number): Taker {
  const queue = new AsyncQueue<number>({ capacity: MANY });
  return async (first) => {
    for (let i = 0; i < ready; i++) queue.tryPut(first + i);
    let sum = 0;
    while (queue.size > 0) for (const item of await queue.takeUpTo(FEW)) sum += item;
    return sum;
  };
}

function itPushable(ready: number): Taker {
  const queue = pushable<number>({ objectMode: true });
  return async (first) => {
    for (let i = 0; i < ready; i++) queue.push(first + i);
    let sum = 0;
    for (let i = 0; i < ready; i++) sum += (await queue.next()).value ?? 0;
    return sum;
  };
}

function contenders(ready: number): Contender[] {
  return [
    contender('millrace take', ready, awaited(ready)),
    contender('millrace tryTake', ready, tried(ready)),
    contender('millrace takeUpTo(100)', ready, batched(ready)),
    contender('it-pushable', ready, itPushable(ready)),
  ];
}

/** Every queue has carried five other kinds of items, so that whatever looks at them has seen them all. */
async function afterOtherItems(): Promise<Contender[]> {
  const kinds = [1.5, 'text', { id: 1 }, [1], Symbol('item')];
  const ours = new AsyncQueue<unknown[] | object | string | number | symbol>({ capacity: MANY });
  const theirs = pushable<unknown>({ objectMode: true });
  for (let i = 0; i < 20 * MANY; i++) {
    const item = kinds[i % kinds.length] ?? 0;
    ours.tryPut(item);
    if (i % 3 === 0) ours.tryTake();
    else if (i % 3 === 1) await ours.take();
    else await ours.takeUpTo(1);
    theirs.push(item);
    await theirs.next();
  }
  return contenders(FEW);
}

const common = { operation: 'item', count: 100 * MANY, batch: MANY, ownProcess: true } as const;

export const benchmarks: readonly Benchmark[] = [
  {
    ...common,
    name: 'micro/async-queue/take-ready',
    title: 'put and take 100 numbers, each there when it is asked for',
    targets: [
      { contender: 'millrace take', atLeast: 1, than: 'it-pushable' },
      { contender: 'millrace tryTake', atLeast: 7, than: 'it-pushable' },
      { contender: 'millrace takeUpTo(100)', atLeast: 7, than: 'it-pushable' },
    ],
    open: () => contenders(FEW),
  },
  {
    ...common,
    name: 'micro/async-queue/take-ready-in-bursts',
    title: 'the same in bursts of 1000: a queue that gives memory back when it is empty takes it again',
    open: () => contenders(MANY),
  },
  {
    ...common,
    name: 'micro/async-queue/take-ready-after-five-kinds-of-items',
    title: 'the same after five other kinds of items',
    open: afterOtherItems,
  },
];
