import { hostTimers, TimerEntry, TimerRing } from '@millrace/timeouts';
import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark, Contender } from '../../kit/contender.js';

const LIVE = 100_000;
/** Between two turns of the loop. */
const PER_TURN = 1000;
/** Long enough that none expires while the other contender has its round. */
const DELAYS_MS: readonly [number, number, number] = [60_000, 90_000, 120_000];

/** Who expired, and how many of them before `dueAt`, a moment of `performance.now()`. */
class Expired {
  dueAt = 0;
  early = 0;
  indices: number[] = [];

  add(index: number): void {
    this.indices.push(index);
    if (performance.now() < this.dueAt) this.early += 1;
  }
}

/** Timers, each under a number below `LIVE`. */
interface Timers {
  arm(index: number, delayMs: number): void;
  disarm(index: number): void;
  readonly expired: Expired;
}

class Operation extends TimerEntry {
  private readonly _index: number;
  private readonly _expired: Expired;

  constructor(index: number, expired: Expired) {
    super();
    this._index = index;
    this._expired = expired;
  }

  override onExpire(): void {
    this._expired.add(this._index);
  }
}

function ring(): Timers {
  const expired = new Expired();
  const timers = new TimerRing(hostTimers);
  const operations = Array.from({ length: LIVE }, (_, index) => new Operation(index, expired));
  const at = (index: number): Operation => operations[index] ?? new Operation(index, expired);
  return {
    arm: (index, delayMs) => {
      timers.arm(at(index), delayMs);
    },
    disarm: (index) => {
      timers.disarm(at(index));
    },
    expired,
  };
}

function host(): Timers {
  const expired = new Expired();
  const timers: (NodeJS.Timeout | undefined)[] = Array.from({ length: LIVE }, () => undefined);
  const onExpire = (index: number): void => {
    expired.add(index);
  };
  return {
    arm: (index, delayMs) => {
      timers[index] = setTimeout(onExpire, delayMs, index);
    },
    disarm: (index) => {
      clearTimeout(timers[index]);
    },
    expired,
  };
}

/** Each operation ends one wait and begins the next, so that always as many are live; the loop turns all the time. */
class Churn implements Contender {
  readonly name: string;
  private readonly _timers: Timers;
  private _next = 0;
  private _longestTurnMicros = 0;

  constructor(name: string, timers: Timers) {
    this.name = name;
    this._timers = timers;
  }

  /** Of 1000, every second one is disarmed, and the others expire: after their time, never before. */
  async check(): Promise<unknown> {
    const { expired } = this._timers;
    const started = performance.now();
    expired.dueAt = started + 29; // Node's own may be early by less than 1 ms
    for (let i = 0; i < 1000; i++) this._timers.arm(i, 30);
    for (let i = 0; i < 1000; i += 2) this._timers.disarm(i);
    while (expired.indices.length < 500 && performance.now() - started < 2000) await delay(20);
    for (let i = 0; i < LIVE; i++) this._arm(i);
    return { early: expired.early, late: expired.indices.sort((a, b) => a - b) };
  }

  async run(count: number): Promise<void> {
    for (let done = 0; done < count; done += PER_TURN) {
      const before = process.cpuUsage();
      for (let i = 0; i < PER_TURN; i++) {
        this._timers.disarm(this._next);
        this._arm(this._next);
        this._next = this._next === LIVE - 1 ? 0 : this._next + 1;
      }
      await new Promise((resolve) => setImmediate(resolve));
      const { user, system } = process.cpuUsage(before);
      this._longestTurnMicros = Math.max(this._longestTurnMicros, user + system);
    }
  }

  begin(): void {
    this._longestTurnMicros = 0;
  }

  counters(): Record<string, number> {
    return { 'ms CPU in the longest turn': this._longestTurnMicros / 1000 };
  }

  close(): void {
    for (let i = 0; i < LIVE; i++) this._timers.disarm(i);
  }

  private _arm(index: number): void {
    this._timers.arm(index, DELAYS_MS[(index % 3) as 0 | 1 | 2]);
  }
}

const RING = 'millrace TimerRing';

const common = {
  operation: 'disarm and arm',
  count: 400_000,
  batch: PER_TURN,
  allocationCount: 10_000_000,
  ownProcess: true,
} as const;

export const benchmarks: readonly Benchmark[] = [
  {
    ...common,
    name: 'micro/timeouts/arm-disarm',
    title: 'disarm one of 100,000 and arm it again, the loop turning after every 1000',
    targets: [
      { contender: RING, atLeast: 10, than: 'setTimeout', of: 'cpu' },
      { contender: RING, counter: 'retained B', atMost: 0.01 },
    ],
    open: () => [new Churn(RING, ring()), new Churn('setTimeout', host())],
  },
  {
    ...common,
    name: 'micro/timeouts/longest-turn',
    title: 'the same alone, so that no turn has to collect what another contender dropped',
    targets: [{ contender: RING, counter: 'ms CPU in the longest turn', atMost: 10 }],
    open: () => [new Churn(RING, ring())],
  },
];
