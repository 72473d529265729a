import type { Loop, Protocol, Transport } from '@millrace/loop-policy';
import { Simulation, type SimConnection } from '@millrace/loop-sim';
import { seededRandom } from '@millrace/testkit';
import { connect } from '../../src/index.js';
import type { Event } from '../scripted/cassette.js';
import { Replay } from '../scripted/replay.js';
import { RECORDED_SEED } from '../scripted/virtual-loop.js';
import type { Setting } from '../setting.js';
import { PromiseWatch } from './promise-watch.js';

/** One way through the simulated network, in milliseconds. */
const LATENCY_MS = 1;

/** How a recorded case went in a simulated network. */
export interface SimulatedCase {
  /** What the case came to; `undefined` where it passed. */
  readonly error: unknown;
  /** Promises that the driver gave out. */
  readonly promises: number;
  /** Bytes that each connection carried. */
  readonly carried: readonly { readonly up: number; readonly down: number }[];
}

/**
 * Runs a case of the driver's suite against what a server has said, over simulated hosts.
 *
 * @param disturb - Told of each connection before its ends are, with how many there were before.
 * @throws {DeadlockError} If the case waits, and nothing will happen any more.
 */
export async function runSimulated(
  events: readonly Event[],
  run: (setting: Setting) => Promise<void>,
  disturb?: (connection: SimConnection, index: number) => void,
): Promise<SimulatedCase> {
  const simulation = new Simulation({ seed: 1, traceLength: 50 });
  simulation.link('client', 'script', { latencyMs: LATENCY_MS, windowBytes: 1e9, segmentBytes: 1e9 });
  // Where nothing goes wrong the case sees the driver itself: some look at the stack of an error.
  const watch = disturb && new PromiseWatch();
  const connections: SimConnection[] = [];
  simulation.onConnection((connection) => {
    const index = connections.push(connection) - 1;
    disturb?.(connection, index);
  });
  const error = await simulation.run(
    async () => {
      const replay = await serve(simulation, events);
      const reason = await run(settingOf(simulation, replay, watch)).then(
        () => undefined,
        (error: unknown) => error,
      );
      await watch?.settled(); // also what the case did not wait for, since it had failed
      return reason;
    },
    { timeoutMs: 600_000 },
  );
  return { error, promises: watch?.count ?? 0, carried: connections.map(({ deliveredBytes }) => deliveredBytes) };
}

/** Plays the recording to whoever connects. */
async function serve(simulation: Simulation, events: readonly Event[]): Promise<Replay> {
  const loop = simulation.host('script').getLoop();
  const goOn = (): void => {
    replay.progress();
  };
  const replay: Replay = new Replay(events, 'whole', {
    callLater: (delayMs, fn) =>
      loop.callLater(delayMs, () => {
        fn();
        goOn();
      }),
  });
  await loop.listen(() => new Played(replay, loop.callSoon.bind(loop, goOn), simulation), 'tcp://0.0.0.0:5432');
  return replay;
}

/** The server's end of a connection; the recording goes on after each of its events, and when what it says has arrived. */
class Played implements Protocol {
  private readonly _replay: Replay;
  private readonly _goOn: () => void;
  private readonly _simulation: Simulation;
  private _protocol!: Protocol;
  private _sent!: Pick<Transport, 'bufferedBytes'>;
  private _arrivesAtMs = 0;

  constructor(replay: Replay, goOn: () => void, simulation: Simulation) {
    this._replay = replay;
    this._goOn = goOn;
    this._simulation = simulation;
  }

  connectionMade(transport: Transport): void {
    const arrival = (): number => this._arrivesAtMs;
    const { _simulation: simulation } = this;
    this._sent = {
      get bufferedBytes() {
        return simulation.nowMs < arrival() ? 1 : 0;
      },
    };
    this._protocol = this._replay.accept(undefined, this._sent);
    const write = transport.write.bind(transport);
    this._protocol.connectionMade(
      new Proxy(transport, {
        get: (target, name) => {
          if (name === 'write') {
            return (chunk: Uint8Array) => {
              this._arrivesAtMs = simulation.nowMs + LATENCY_MS;
              simulation.callLater(LATENCY_MS, this._goOn);
              write(chunk);
            };
          }
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      }),
    );
    this._goOn();
  }

  dataReceived(chunk: Uint8Array): void {
    this._protocol.dataReceived(chunk);
    this._goOn();
  }

  eofReceived(): boolean | undefined {
    const keepOpen = this._protocol.eofReceived();
    this._goOn();
    return keepOpen === true;
  }

  connectionLost(error: Error | null): void {
    this._protocol.connectionLost(error);
    if (error === null) this._goOn();
    else this._replay.leave(this._sent);
  }

  pauseWriting(): void {
    this._protocol.pauseWriting();
  }

  resumeWriting(): void {
    this._protocol.resumeWriting();
  }
}

function settingOf(simulation: Simulation, replay: Replay, watch: PromiseWatch | undefined): Setting {
  const loop = withRecordedNonces(simulation.host('client').getLoop());
  const url = 'postgres://postgres@script:5432/postgres';
  const act = (name: string) => (): void => {
    replay.act(name);
  };
  return {
    url,
    loop,
    timers: loop,
    connect: (options = {}, op) => {
      const made = connect({ url, loop, ...options }, op);
      return watch?.promise(made) ?? made;
    },
    pause: (ms) =>
      new Promise((resolve) => {
        loop.callLater(ms, resolve);
      }),
    after: (ms, fn) => {
      const timer = loop.callLater(ms, fn);
      return () => {
        timer.cancel();
      };
    },
    volume: (_real, recorded) => recorded,
    openLink: () =>
      Promise.resolve({
        target: { url, loop },
        stall: act('stall'),
        ignoreNew: act('ignoreNew'),
        cut: act('cut'),
      }),
    guarded: (user, password) =>
      Promise.resolve({ host: 'script', port: 5432, socketDir: undefined, database: 'postgres', user, password }),
  };
}

/** Draws what was drawn when the conversations were recorded. */
function withRecordedNonces(loop: Loop): Loop {
  const random = seededRandom(RECORDED_SEED);
  return new Proxy(loop, {
    get: (target, name) => {
      if (name === 'fillRandom') {
        return (bytes: Uint8Array) => {
          bytes.set(random.bytes(bytes.length));
        };
      }
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
