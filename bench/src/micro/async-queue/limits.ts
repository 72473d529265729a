import { AsyncQueue } from '@millrace/async-queue';
import { openCancelScope, type Op } from '@millrace/timeouts';
import { getEventListeners } from 'node:events';
import type { Benchmark, Contender } from '../../kit/contender.js';

const TIMEOUT_MS = 5000;
/** Takes before the loop turns. */
const PER_TURN = 1000;

/** Waits for an item of a queue that is empty, with or without a limit. */
type Waiting = (queue: AsyncQueue<number>) => Promise<number>;

function contender(name: string, wait: Waiting, listenerCount: () => number = () => 0): Contender {
  const queue = new AsyncQueue<number>({ capacity: 16 });
  const total = async (count: number): Promise<number> => {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const item = wait(queue);
      queue.tryPut(i);
      sum += await item;
      if (i % PER_TURN === PER_TURN - 1) await new Promise((resolve) => setImmediate(resolve));
    }
    return sum;
  };
  return {
    name,
    // A signal or a scope that lives on has no trace of what waited.
    check: async () => ({ sum: await total(2000), listeners: listenerCount(), waiting: queue.waitingTakers }),
    run: async (count) => {
      await total(count);
    },
  };
}

const ours =
  (op?: Op): Waiting =>
  (queue) =>
    queue.take(op);

const race: Waiting = async (queue) => {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`timed out after ${TIMEOUT_MS} ms`));
    }, TIMEOUT_MS);
  });
  try {
    return await Promise.race([queue.take(), timeout]);
  } finally {
    clearTimeout(timer);
  }
};

/** A signal of the application, as it is watched by hand: one listener for each wait. */
function watched(signal: AbortSignal): Waiting {
  return (queue) =>
    new Promise((resolve, reject) => {
      const onAbort = (): void => {
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const done = (item: number): void => {
        signal.removeEventListener('abort', onAbort);
        resolve(item);
      };
      queue.take().then(done, reject);
    });
}

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'micro/async-queue/limits',
    title: 'wait for an item, with limits that do not come',
    operation: 'take',
    count: 50_000,
    ownProcess: true,
    targets: [
      { contender: 'millrace, timeoutMs', atLeast: 2.5, than: 'Promise.race and setTimeout' },
      { contender: 'millrace, timeoutMs', counter: 'retained B', atMost: 0.01 },
      { contender: 'millrace, signal', counter: 'retained B', atMost: 0.01 },
      { contender: 'millrace, scope', counter: 'retained B', atMost: 0.01 },
    ],
    open: () => {
      const { signal } = new AbortController();
      const listeners = (): number => getEventListeners(signal, 'abort').length;
      const other = new AbortController();
      return [
        contender('millrace, no limit', ours()),
        contender('millrace, timeoutMs', ours({ timeoutMs: TIMEOUT_MS })),
        contender('millrace, scope', ours({ scope: openCancelScope() })),
        contender('millrace, signal', ours({ signal }), listeners),
        contender('Promise.race and setTimeout', race),
        contender('AbortSignal by hand', watched(other.signal)),
      ];
    },
  },
];
