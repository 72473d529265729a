import { AsyncQueue } from '@millrace/async-queue';
import { openCancelScope } from '@millrace/timeouts';
import PQueue from 'p-queue';
import type { Benchmark, Contender } from '../../kit/contender.js';

const WAITERS = 10_000;
/** Made once, where it is given: an error for each of them costs more than all the rest. */
const ONE_REASON = new Error('no longer wanted');

/** What became of the waiters: the numbers that those got that were not cancelled, in order, and how many were. */
interface Outcome {
  readonly received: readonly number[];
  readonly cancelled: number;
}

/** Lets `WAITERS` wait, all of which could be cancelled, cancels every second one, and serves the others. Without a reason, everybody makes their own. */
type Scenario = (reason?: Error) => Promise<Outcome>;

/** Collects what becomes of the waiters, from the moment on when each begins to wait. */
class Waiters {
  readonly outcome: Promise<Outcome>;
  private readonly _received: number[] = [];
  private _cancelled = 0;
  private _resolve = (outcome: Outcome): void => void outcome;
  private readonly _onItem = (item: number): void => {
    this._received.push(item);
    this._finish();
  };
  private readonly _onEnd = (): void => {
    this._cancelled += 1;
    this._finish();
  };

  constructor() {
    this.outcome = new Promise((resolve) => (this._resolve = resolve));
  }

  add(wait: Promise<number>): void {
    void wait.then(this._onItem, this._onEnd);
  }

  private _finish(): void {
    const [received, cancelled] = [this._received, this._cancelled];
    if (received.length + cancelled === WAITERS) this._resolve({ received, cancelled });
  }
}

function serve(queue: AsyncQueue<number>): void {
  for (let i = 0; i < WAITERS / 2; i++) queue.tryPut(i);
}

const byHandle: Scenario = (reason) => {
  const queue = new AsyncQueue<number>({ capacity: 1 });
  const waiters = new Waiters();
  const scopes = Array.from({ length: WAITERS }, () => openCancelScope());
  for (const scope of scopes) waiters.add(queue.take({ scope }));
  for (let i = 0; i < WAITERS; i += 2) scopes[i]?.cancel(reason);
  serve(queue);
  return waiters.outcome;
};

/** A signal for each of them, as p-queue is given one, too. */
const bySignal: Scenario = (reason) => {
  const queue = new AsyncQueue<number>({ capacity: 1 });
  const waiters = new Waiters();
  const controllers = Array.from({ length: WAITERS }, () => new AbortController());
  for (const { signal } of controllers) waiters.add(queue.take({ signal }));
  for (let i = 0; i < WAITERS; i += 2) controllers[i]?.abort(reason);
  serve(queue);
  return waiters.outcome;
};

/** Its tasks wait for one that runs; those that were not cancelled number themselves. */
const pQueue: Scenario = async (reason) => {
  const queue = new PQueue({ concurrency: 1 });
  queue.on('error', () => undefined);
  let release = (): void => undefined;
  const running = queue.add(() => new Promise<void>((resolve) => (release = resolve)));
  let next = 0;
  const task = (): number => next++;
  const waiters = new Waiters();
  const controllers = Array.from({ length: WAITERS }, () => new AbortController());
  for (const { signal } of controllers) waiters.add(queue.add(task, { signal }));
  for (let i = 0; i < WAITERS; i += 2) controllers[i]?.abort(reason);
  release();
  await running;
  return waiters.outcome;
};

function contenders(reason: Error | undefined): Contender[] {
  const contender = (name: string, scenario: Scenario): Contender => ({
    name,
    check: () => scenario(reason),
    run: async (count) => {
      for (let done = 0; done < count; done += WAITERS) await scenario(reason);
    },
  });
  return [
    contender('millrace, by handle', byHandle),
    contender('millrace, by AbortSignal', bySignal),
    contender('p-queue', pQueue),
  ];
}

const common = {
  operation: 'waiter',
  count: 2 * WAITERS,
  batch: WAITERS,
  allocationCount: 3 * WAITERS,
  ownProcess: true,
  targets: [
    { contender: 'millrace, by handle', atLeast: 50, than: 'p-queue' },
    { contender: 'millrace, by AbortSignal', atLeast: 3, than: 'p-queue' },
  ],
} as const;

export const benchmarks: readonly Benchmark[] = [
  {
    ...common,
    name: 'micro/async-queue/cancelled-waiters',
    title: '10,000 wait, every second one is cancelled for one reason, the others are served',
    open: () => contenders(ONE_REASON),
  },
  {
    ...common,
    name: 'micro/async-queue/cancelled-waiters-without-reason',
    title: 'the same without a reason given: everybody makes an error for each',
    open: () => contenders(undefined),
  },
];
