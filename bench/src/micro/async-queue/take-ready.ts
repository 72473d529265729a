import { AsyncQueue } from '@millrace/async-queue';
import { pushable } from 'it-pushable';
import type { Benchmark, Contender } from '../../kit/contender.js';

/** Items that are there when the taking begins. */
const READY = 1000;

/** Puts `READY` numbers from `first` on, and returns the sum of what it takes. */
type Taker = (first: number) => Promise<number> | number;

function contender(name: string, take: Taker): Contender {
  return {
    name,
    check: () => take(7),
    run: async (count) => {
      for (let done = 0; done < count; done += READY) {
        const sum = take(done);
        if (typeof sum !== 'number') await sum;
      }
    },
  };
}

function awaited(): Taker {
  const queue = new AsyncQueue<number>({ capacity: READY });
  return async (first) => {
    for (let i = 0; i < READY; i++) queue.tryPut(first + i);
    let sum = 0;
    for (let i = 0; i < READY; i++) sum += await queue.take();
    return sum;
  };
}

function tried(): Taker {
  const queue = new AsyncQueue<number>({ capacity: READY });
  return (first) => {
    for (let i = 0; i < READY; i++) queue.tryPut(first + i);
    let sum = 0;
    for (let item = queue.tryTake(); item !== undefined; item = queue.tryTake()) sum += item;
    return sum;
  };
}

function batched(size: number): Taker {
  const queue = new AsyncQueue<number>({ capacity: READY });
  return async (first) => {
    for (let i = 0; i < READY; i++) queue.tryPut(first + i);
    let sum = 0;
    while (queue.size > 0) for (const item of await queue.takeUpTo(size)) sum += item;
    return sum;
  };
}

function itPushable(): Taker {
  const queue = pushable<number>({ objectMode: true });
  return async (first) => {
    for (let i = 0; i < READY; i++) queue.push(first + i);
    let sum = 0;
    for (let i = 0; i < READY; i++) sum += (await queue.next()).value ?? 0;
    return sum;
  };
}

function contenders(): Contender[] {
  return [
    contender('millrace take', awaited()),
    contender('millrace tryTake', tried()),
    contender('millrace takeUpTo(100)', batched(100)),
    contender('it-pushable', itPushable()),
  ];
}

/** Every queue has carried five other kinds of items, so that whatever looks at them has seen them all. */
async function afterOtherItems(): Promise<Contender[]> {
  const kinds = [1.5, 'text', { id: 1 }, [1], Symbol('item')];
  const ours = new AsyncQueue<unknown[] | object | string | number | symbol>({ capacity: READY });
  const theirs = pushable<unknown>({ objectMode: true });
  for (let i = 0; i < 20 * READY; i++) {
    const item = kinds[i % kinds.length] ?? 0;
    ours.tryPut(item);
    if (i % 3 === 0) ours.tryTake();
    else if (i % 3 === 1) await ours.take();
    else await ours.takeUpTo(1);
    theirs.push(item);
    await theirs.next();
  }
  return contenders();
}

const common = { operation: 'item', count: 100 * READY, batch: READY, ownProcess: true } as const;

export const benchmarks: readonly Benchmark[] = [
  {
    ...common,
    name: 'micro/async-queue/take-ready',
    title: 'put and take 1000 numbers, each there when it is asked for',
    targets: [
      { contender: 'millrace take', atLeast: 1, than: 'it-pushable' },
      { contender: 'millrace tryTake', atLeast: 7, than: 'it-pushable' },
      { contender: 'millrace takeUpTo(100)', atLeast: 7, than: 'it-pushable' },
    ],
    open: contenders,
  },
  {
    ...common,
    name: 'micro/async-queue/take-ready-after-five-kinds-of-items',
    title: 'the same after five other kinds of items',
    open: afterOtherItems,
  },
];
