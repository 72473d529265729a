import { AsyncQueue } from '@millrace/async-queue';
import { openCancelScope } from '@millrace/timeouts';
import PQueue from 'p-queue';
import type { Benchmark, Contender } from '../../kit/contender.js';

const WAITERS = 10_000;
/** Made once: an error for each of them would cost more than all the rest. */
const REASON = new Error('no longer wanted');

/** What became of the waiters: the numbers that those got that were not cancelled, in order, and how many were. */
interface Outcome {
  readonly received: readonly number[];
  readonly cancelled: number;
}

/** Lets `WAITERS` wait, cancels every second one, and serves the others. */
type Scenario = () => Promise<Outcome>;

async function settle(waits: readonly Promise<number>[]): Promise<Outcome> {
  const received: number[] = [];
  let cancelled = 0;
  for (const result of await Promise.allSettled(waits)) {
    if (result.status === 'fulfilled') received.push(result.value);
    else cancelled += 1;
  }
  return { received, cancelled };
}

function serve(queue: AsyncQueue<number>): void {
  for (let i = 0; i < WAITERS / 2; i++) queue.tryPut(i);
}

const byHandle: Scenario = () => {
  const queue = new AsyncQueue<number>({ capacity: 1 });
  const waits: Promise<number>[] = [];
  const scopes = Array.from({ length: WAITERS / 2 }, () => openCancelScope());
  for (const scope of scopes) waits.push(queue.take({ scope }), queue.take());
  for (const scope of scopes) scope.cancel(REASON);
  serve(queue);
  return settle(waits);
};

/** As p-queue is given one, too: a signal for each of those that are cancelled. */
const bySignal: Scenario = () => {
  const queue = new AsyncQueue<number>({ capacity: 1 });
  const waits: Promise<number>[] = [];
  const controllers = Array.from({ length: WAITERS / 2 }, () => new AbortController());
  for (const { signal } of controllers) waits.push(queue.take({ signal }), queue.take());
  for (const controller of controllers) controller.abort(REASON);
  serve(queue);
  return settle(waits);
};

/** Its tasks wait for one that runs; those that were not cancelled number themselves. */
const pQueue: Scenario = async () => {
  const queue = new PQueue({ concurrency: 1 });
  queue.on('error', () => undefined);
  let release = (): void => undefined;
  const running = queue.add(() => new Promise<void>((resolve) => (release = resolve)));
  let next = 0;
  const task = (): number => next++;
  const waits: Promise<number>[] = [];
  const controllers = Array.from({ length: WAITERS / 2 }, () => new AbortController());
  for (const { signal } of controllers) waits.push(queue.add(task, { signal }), queue.add(task));
  for (const controller of controllers) controller.abort(REASON);
  release();
  await running;
  return settle(waits);
};

function contender(name: string, scenario: Scenario): Contender {
  return {
    name,
    check: scenario,
    run: async (count) => {
      for (let done = 0; done < count; done += WAITERS) await scenario();
    },
  };
}

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'micro/async-queue/cancelled-waiters',
    title: '10,000 wait, every second one is cancelled, the others are served',
    operation: 'waiter',
    count: WAITERS,
    batch: WAITERS,
    allocationCount: 3 * WAITERS,
    ownProcess: true,
    targets: [
      { contender: 'millrace, by handle', atLeast: 50, than: 'p-queue' },
      { contender: 'millrace, by AbortSignal', atLeast: 3, than: 'p-queue' },
    ],
    open: () => [
      contender('millrace, by handle', byHandle),
      contender('millrace, by AbortSignal', bySignal),
      contender('p-queue', pQueue),
    ],
  },
];
