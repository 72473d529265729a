import { TestClock } from '@millrace/testkit';
import type { Timer } from '@millrace/timeouts';
import {
  LoopClosedError,
  nodePolicy,
  withLimits,
  type AnyProtocol,
  type LimitedFactory,
  type LimitOptions,
  type Loop,
  type Transport,
} from '../src/index.js';
import { memoryTransportPair, type Chunking } from '../src/testing.js';
import { Recorder } from './recorder.js';

/** A loop that stands still: its time is the test's, and what is scheduled runs when the test says so. */
export interface ClockLoop {
  readonly loop: Loop;
  readonly clock: TestClock;
  /** What callbacks threw. */
  readonly uncaught: unknown[];
  /** Runs what is scheduled, and what that schedules. */
  run(): void;
  /** Moves time by `ms`; what becomes due and is scheduled meanwhile runs at its own time. */
  advance(ms: number): void;
  /** Nothing can be scheduled any more. */
  close(): void;
}

export function clockLoop(): ClockLoop {
  const clock = new TestClock();
  const uncaught: unknown[] = [];
  const queue: (() => void)[] = [];
  let isClosed = false;
  const guarded = (fn: () => void) => (): void => {
    try {
      fn();
    } catch (error) {
      uncaught.push(error);
    }
  };
  const checkOpen = (): void => {
    if (isClosed) throw new LoopClosedError('expected an open loop');
  };
  const loop = Object.assign(nodePolicy.newLoop(), {
    now: () => clock.now(),
    callLater: (delayMs: number, fn: () => void): Timer => {
      checkOpen();
      return clock.callLater(delayMs, guarded(fn));
    },
    callSoon: (fn: () => void): void => {
      checkOpen();
      queue.push(guarded(fn));
    },
  });
  const run = (): void => {
    for (let fn = queue.shift(); fn !== undefined; fn = queue.shift()) fn();
  };
  return {
    loop,
    clock,
    uncaught,
    run,
    advance: (ms) => {
      const untilMs = clock.now() + ms;
      run();
      while (clock.nextDueMs <= untilMs) {
        clock.advance(clock.nextDueMs - clock.now());
        run();
      }
      clock.advance(untilMs - clock.now());
      run();
    },
    close: () => {
      isClosed = true;
    },
  };
}

/** A client, and a server whose connection is under limits. */
export interface Limited {
  readonly client: Recorder;
  readonly server: Recorder;
  /** What the server's protocol was given. */
  readonly transport: Transport;
  readonly factory: LimitedFactory;
}

/** Connects the two in memory. @param protocol - What the server is, if it is not `server` itself. */
export function connectLimited(
  time: ClockLoop,
  options: LimitOptions,
  server: Recorder = new Recorder(),
  protocol: AnyProtocol = server,
  chunking: Chunking = 'whole',
): Limited {
  const pair = memoryTransportPair({ loop: time.loop, chunking });
  const factory = withLimits(() => protocol, options);
  pair.server.attach(factory());
  const client = pair.client.attach(new Recorder({ onEof: () => true }));
  time.run();
  return { client, server, transport: server.transport, factory };
}
