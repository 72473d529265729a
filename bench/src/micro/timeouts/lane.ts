import { hostTimers, TimerEntry, TimerRing } from '@millrace/timeouts';
import { DeadlineLane } from '@millrace/timeouts/lane';
import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark, Contender } from '../../kit/contender.js';

const CONNECTIONS = 100;
/** Operations in flight on each connection. */
const IN_FLIGHT = 100;
/** Long enough that none expires while another contender has its round. */
const TIMEOUT_MS = 60_000;

/** The deadlines of one connection, whose operations finish in the order in which they began. */
interface Deadlines {
  begin(timeoutMs: number, nowMs: number): void;
  finish(): void;
}

type MakeDeadlines = (onExpire: () => void) => Deadlines;

const lane: MakeDeadlines = (onExpire) => {
  const deadlines = new DeadlineLane(onExpire);
  return {
    begin: (timeoutMs, nowMs) => {
      deadlines.push(nowMs + timeoutMs);
    },
    finish: () => {
      deadlines.shift();
    },
  };
};

class Operation extends TimerEntry {
  private readonly _onExpire: () => void;

  constructor(onExpire: () => void) {
    super();
    this._onExpire = onExpire;
  }

  override onExpire(): void {
    this._onExpire();
  }
}

/** In use or not, operations are kept in a ring, the oldest at `first`. */
const ring: MakeDeadlines = (onExpire) => {
  const timers = TimerRing.of(hostTimers);
  const operations = Array.from({ length: 1024 }, () => new Operation(onExpire));
  const spare = new Operation(onExpire);
  let first = 0;
  let end = 0;
  return {
    begin: (timeoutMs) => {
      timers.arm(operations[end++ & 1023] ?? spare, timeoutMs);
    },
    finish: () => {
      timers.disarm(operations[first++ & 1023] ?? spare);
    },
  };
};

const host: MakeDeadlines = (onExpire) => {
  const timers: (NodeJS.Timeout | undefined)[] = Array.from({ length: 1024 }, () => undefined);
  let first = 0;
  let end = 0;
  return {
    begin: (timeoutMs) => {
      timers[end++ & 1023] = setTimeout(onExpire, timeoutMs);
    },
    finish: () => {
      clearTimeout(timers[first++ & 1023]);
    },
  };
};

/** Of 1000 operations that may take 30 ms, 400 finish: how many expire, and how many of them early. */
async function check(make: MakeDeadlines): Promise<unknown> {
  let expired = 0;
  let early = 0;
  const started = performance.now();
  const deadlines = make(() => {
    expired += 1;
    if (performance.now() - started < 29) early += 1; // Node's own may be early by less than 1 ms
  });
  for (let i = 0; i < 1000; i++) deadlines.begin(30, started);
  for (let i = 0; i < 400; i++) deadlines.finish();
  while (expired < 600 && performance.now() - started < 2000) await delay(20);
  return { early, expired };
}

function contender(name: string, make: MakeDeadlines): Contender {
  const expire = (): void => {
    throw new Error('a deadline expired in the middle of the measurement');
  };
  const connections = Array.from({ length: CONNECTIONS }, () => make(expire));
  for (const connection of connections) {
    for (let i = 0; i < IN_FLIGHT; i++) connection.begin(TIMEOUT_MS, performance.now());
  }
  return {
    name,
    check: () => check(make),
    run: async (count) => {
      for (let done = 0; done < count; done += CONNECTIONS * IN_FLIGHT) {
        for (const connection of connections) {
          // One chunk of answers arrives, and as many requests follow: the clock is read once.
          const nowMs = performance.now();
          for (let i = 0; i < IN_FLIGHT; i++) {
            connection.finish();
            connection.begin(TIMEOUT_MS, nowMs);
          }
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    close: () => {
      for (const connection of connections) for (let i = 0; i < IN_FLIGHT; i++) connection.finish();
    },
  };
}

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'micro/timeouts/lane',
    title: `deadlines of ${CONNECTIONS} connections with ${IN_FLIGHT} operations in flight that finish in order`,
    operation: 'finish and begin',
    count: 20 * CONNECTIONS * IN_FLIGHT,
    batch: CONNECTIONS * IN_FLIGHT,
    ownProcess: true,
    targets: [{ contender: 'millrace DeadlineLane', atLeast: 10, than: 'setTimeout', of: 'cpu' }],
    open: () => [
      contender('millrace DeadlineLane', lane),
      contender('millrace TimerRing', ring),
      contender('setTimeout', host),
    ],
  },
];
