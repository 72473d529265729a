import { AsyncQueue } from '@millrace/async-queue';
import { PassThrough } from 'node:stream';
import type { Benchmark, Contender } from '../../kit/contender.js';

const CAPACITY = 16;

/** Sends the numbers from 1 to `count` through something that holds `CAPACITY`; returns the sum of what came out. */
type Pipe = (count: number) => Promise<number>;

const ours: Pipe = async (count) => {
  const queue = new AsyncQueue<number>({ capacity: CAPACITY });
  const produce = async (): Promise<void> => {
    for (let i = 1; i <= count; i++) await queue.put(i);
    queue.close();
  };
  const produced = produce();
  let sum = 0;
  for await (const item of queue) sum += item;
  await produced;
  return sum;
};

/** The same without an iterator: the consumer knows how many there are. */
const oursTaken: Pipe = async (count) => {
  const queue = new AsyncQueue<number>({ capacity: CAPACITY });
  const produce = async (): Promise<void> => {
    for (let i = 1; i <= count; i++) await queue.put(i);
  };
  const produced = produce();
  let sum = 0;
  for (let i = 1; i <= count; i++) sum += await queue.take();
  await produced;
  return sum;
};

/** Waits only where there is no room or nothing there. */
const oursTried: Pipe = async (count) => {
  const queue = new AsyncQueue<number>({ capacity: CAPACITY });
  const produce = async (): Promise<void> => {
    for (let i = 1; i <= count; i++) if (!queue.tryPut(i)) await queue.put(i);
  };
  const produced = produce();
  let sum = 0;
  for (let i = 1; i <= count; i++) sum += queue.tryTake() ?? (await queue.take());
  await produced;
  return sum;
};

const passThrough: Pipe = async (count) => {
  const stream = new PassThrough({ objectMode: true, highWaterMark: CAPACITY });
  const produce = async (): Promise<void> => {
    for (let i = 1; i <= count; i++) {
      if (stream.write(i)) continue;
      await new Promise((resolve) => stream.once('drain', resolve));
    }
    stream.end();
  };
  const produced = produce();
  let sum = 0;
  for await (const item of stream) sum += item as number;
  await produced;
  return sum;
};

const webStreams: Pipe = async (count) => {
  const { readable, writable } = new TransformStream<number, number>(
    undefined,
    { highWaterMark: CAPACITY },
    { highWaterMark: CAPACITY },
  );
  const produce = async (): Promise<void> => {
    const writer = writable.getWriter();
    for (let i = 1; i <= count; i++) {
      await writer.ready;
      void writer.write(i);
    }
    await writer.close();
  };
  const produced = produce();
  const reader = readable.getReader();
  let sum = 0;
  for (let result = await reader.read(); !result.done; result = await reader.read()) sum += result.value;
  await produced;
  return sum;
};

function contender(name: string, pipe: Pipe): Contender {
  return {
    name,
    check: () => pipe(1000),
    run: async (count) => {
      await pipe(count);
    },
  };
}

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'micro/async-queue/bounded',
    title: `numbers through something that holds ${CAPACITY}, a producer and a consumer that wait for each other`,
    operation: 'item',
    count: 50_000,
    ownProcess: true,
    targets: [
      { contender: 'millrace put and take', atLeast: 4.5, than: 'PassThrough' },
      { contender: 'millrace tryPut and tryTake first', atLeast: 4.5, than: 'PassThrough' },
    ],
    open: () => [
      contender('millrace put and take', oursTaken),
      contender('millrace put and iterate', ours),
      contender('millrace tryPut and tryTake first', oursTried),
      contender('PassThrough', passThrough),
      contender('WHATWG streams', webStreams),
    ],
  },
];
