import { withTimeout } from '@millrace/timeouts';
import pTimeout from 'p-timeout';
import type { Benchmark, Contender } from '../../kit/contender.js';

const TIMEOUT_MS = 5000;
/** Awaits of each contender before the loop turns. */
const PER_TURN = 1000;

/** What is waited for: it is there before the time is over. */
type Operation = (value: number) => Promise<number>;
type Limited = (operation: Operation, value: number) => Promise<number>;

const soon: Operation = (value) => Promise.resolve(value);

const ours: Limited = (operation, value) => withTimeout(TIMEOUT_MS, () => operation(value));

/** The usual way by hand: the timer is cleared, and the error is only made when it is needed. */
const race: Limited = async (operation, value) => {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`timed out after ${TIMEOUT_MS} ms`));
    }, TIMEOUT_MS);
  });
  try {
    return await Promise.race([operation(value), timeout]);
  } finally {
    clearTimeout(timer);
  }
};

const pTimeoutWay: Limited = (operation, value) => pTimeout(operation(value), { milliseconds: TIMEOUT_MS });

function contender(name: string, limited: Limited): Contender {
  const total = async (count: number): Promise<number> => {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      sum += await limited(soon, i);
      if (i % PER_TURN === PER_TURN - 1) await new Promise((resolve) => setImmediate(resolve));
    }
    return sum;
  };
  return {
    name,
    check: () => total(100),
    run: async (count) => {
      await total(count);
    },
  };
}

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'micro/timeouts/deadline-await',
    title: 'await with a timeout of 5 s that does not come',
    operation: 'await',
    count: 50_000,
    allocationCount: 10_000_000,
    ownProcess: true,
    targets: [
      { contender: 'millrace withTimeout', atLeast: 2.5, than: 'Promise.race and setTimeout' },
      { contender: 'millrace withTimeout', atLeast: 55, than: 'p-timeout' },
      { contender: 'millrace withTimeout', counter: 'retained B', atMost: 0.01 },
    ],
    open: () => [
      contender('millrace withTimeout', ours),
      contender('Promise.race and setTimeout', race),
      contender('p-timeout', pTimeoutWay),
      contender('no timeout', (operation, value) => operation(value)),
    ],
  },
];
