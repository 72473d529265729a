import { AsyncQueue } from '@millrace/async-queue';
import fastq from 'fastq';
import { pushable } from 'it-pushable';
import type { Benchmark, Contender } from '../../kit/contender.js';

/** To await it is to let the other side go on. */
const AT_ONCE = Promise.resolve();

/** A consumer that waits again as soon as it has an item. */
interface Consumer {
  sum: number;
  received: number;
}

/** Hands `count` numbers over, each to a consumer that is waiting for it. */
type HandOff = (count: number, consumer: Consumer) => Promise<void>;

function contender(name: string, start: (consumer: Consumer) => HandOff, stop?: () => void): Contender {
  const consumer: Consumer = { sum: 0, received: 0 };
  const handOff = start(consumer);
  return {
    name,
    check: async () => {
      consumer.sum = 0;
      await handOff(100, consumer);
      return consumer.sum;
    },
    run: (count) => handOff(count, consumer),
    close: () => stop?.(),
  };
}

/** Puts the next item when the last one was received, which the consumer tells by its count. */
function putting(put: (item: number) => unknown): HandOff {
  return async (count, consumer) => {
    consumer.received = 0;
    for (let i = 1; i <= count; i++) {
      put(i);
      while (consumer.received < i) await AT_ONCE;
    }
  };
}

function ours(): Contender {
  const queue = new AsyncQueue<number>({ capacity: 16 });
  return contender(
    'millrace',
    (consumer) => {
      const consume = async (): Promise<void> => {
        for (;;) {
          consumer.sum += await queue.take();
          consumer.received += 1;
        }
      };
      consume().catch(() => undefined); // ends when the queue is closed
      return putting((item) => queue.tryPut(item));
    },
    () => {
      queue.close();
    },
  );
}

function itPushable(): Contender {
  const queue = pushable<number>({ objectMode: true });
  return contender(
    'it-pushable',
    (consumer) => {
      const consume = async (): Promise<void> => {
        for await (const item of queue) {
          consumer.sum += item;
          consumer.received += 1;
        }
      };
      void consume();
      return putting((item) => queue.push(item));
    },
    () => {
      queue.end();
    },
  );
}

/** Its consumer is a worker, and each push gives a promise of the worker's result. */
function fastqPromise(): Contender {
  return contender('fastq', (consumer) => {
    const queue = fastq.promise((item: number) => {
      consumer.sum += item;
      consumer.received += 1;
      return Promise.resolve();
    }, 1);
    return async (count) => {
      for (let i = 1; i <= count; i++) await queue.push(i);
    };
  });
}

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'micro/async-queue/hand-off',
    title: 'a number to a consumer that waits, one after the other',
    operation: 'item',
    count: 100_000,
    ownProcess: true,
    targets: [
      { contender: 'millrace', atLeast: 1.6, than: 'fastq' },
      { contender: 'millrace', atLeast: 5, than: 'it-pushable' },
    ],
    open: () => [ours(), fastqPromise(), itPushable()],
  },
];
