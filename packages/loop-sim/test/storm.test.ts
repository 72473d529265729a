import type { Loop, Protocol, Transport } from '@millrace/loop-policy';
import { sleep } from '@millrace/timeouts';
import { expect, test } from 'vitest';
import { sweep, type SimConnection, type Simulation } from '../src/index.js';

const HOSTS = ['a', 'b', 'c'] as const;

/** One end of a connection, which does what the seed wants and notes what it may not see. */
class Wild implements Protocol {
  readonly mistakes: string[] = [];
  received = 0;
  sent = 0;
  losses = 0;
  transport: Transport | undefined;
  private readonly _simulation: Simulation;
  private _isPausedForWriting = false;
  private _isReadingPaused = false;
  private _isEnded = false;

  constructor(simulation: Simulation) {
    this._simulation = simulation;
  }

  connectionMade(transport: Transport): void {
    this._expect(this.transport === undefined, 'connectionMade comes once');
    this.transport = transport;
    this._act();
  }

  dataReceived(chunk: Uint8Array): void {
    this._expectAlive('dataReceived');
    this._expect(!this._isReadingPaused, 'no data comes while reading is paused');
    this._expect(!this._isEnded, 'no data comes after its end');
    for (const byte of chunk) this._expect(byte === this.received++ % 251, 'bytes come in order, each once');
    this._act();
  }

  eofReceived(): boolean {
    this._expectAlive('eofReceived');
    this._isEnded = true;
    return this._simulation.draw(2) === 0;
  }

  pauseWriting(): void {
    this._expect(!this._isPausedForWriting, 'pauseWriting and resumeWriting alternate');
    this._isPausedForWriting = true;
  }

  resumeWriting(): void {
    this._expect(this._isPausedForWriting, 'pauseWriting and resumeWriting alternate');
    this._isPausedForWriting = false;
  }

  connectionLost(): void {
    this._expect(this.transport !== undefined, 'connectionLost comes after connectionMade');
    this.losses++;
    if (this._simulation.draw(10) === 0) throw new Error('thrown in connectionLost');
  }

  /** Something that a program may do at any time. */
  private _act(): void {
    const { transport } = this;
    if (transport === undefined || this.losses > 0) return;
    const what = this._simulation.draw(40);
    if (what < 18) this._write(transport, 1 + this._simulation.draw(3000));
    else if (what < 20) this._write(transport, 100_000);
    else if (what < 24) this._pause(transport);
    else if (what === 24) transport.close();
    else if (what === 25) transport.abort();
    else if (what === 26) transport.writeEof();
    else if (what === 27) throw new Error('thrown in a callback');
    if (what < 30)
      transport.loop.callLater(this._simulation.draw(200), () => {
        this._act();
      });
  }

  private _write(transport: Transport, bytes: number): void {
    if (this._isPausedForWriting) return;
    try {
      transport.write(Uint8Array.from({ length: bytes }, () => this.sent++ % 251));
    } catch (error) {
      this.sent -= bytes; // after the end
      this._expect((error as Error).name === 'TransportClosedError', String(error));
    }
  }

  private _pause(transport: Transport): void {
    transport.pauseReading();
    this._isReadingPaused = !transport.isClosing;
    transport.loop.callLater(this._simulation.draw(2000), () => {
      this._isReadingPaused = false;
      transport.resumeReading();
    });
  }

  private _expectAlive(what: string): void {
    this._expect(
      this.transport !== undefined && this.losses === 0,
      `${what} comes between connectionMade and connectionLost`,
    );
    this._expect(this.transport?.isClosing === false, `${what} does not come after close()`);
  }

  private _expect(isTrue: boolean, what: string): void {
    if (!isTrue) this.mistakes.push(what);
  }
}

function plan(simulation: Simulation): void {
  simulation.onConnect((attempt) => {
    if (simulation.chance('refused', 0.1)) attempt.refuse();
    else if (simulation.chance('hanging', 0.05)) attempt.hang();
  });
  simulation.onConnection((connection) => {
    if (simulation.chance('reset up', 0.15)) connection.resetAfter('up', simulation.draw(20_000));
    if (simulation.chance('reset down', 0.15)) connection.resetAfter('down', simulation.draw(20_000));
    if (simulation.chance('reset at once', 0.05)) connection.reset();
    if (simulation.chance('stall', 0.2)) stall(simulation, connection);
  });
  for (const [a, b] of [
    ['a', 'b'],
    ['b', 'c'],
    ['a', 'c'],
    ['a', 'a'],
  ] as const) {
    simulation.link(a, b, {
      latencyMs: simulation.draw(30),
      jitterMs: simulation.draw(30),
      segmentBytes: 1 + simulation.draw(5000),
      windowBytes: 1 + simulation.draw(70_000),
      bytesPerSec: 10_000 + simulation.draw(1e6),
    });
    for (let times = 0; times < 10; times++) {
      if (!simulation.chance('partition', 0.5)) continue;
      const atMs = simulation.draw(5000);
      const oneWay = simulation.draw(2) === 0;
      simulation.callLater(atMs, () => {
        simulation.partition(a, b, { oneWay });
      });
      simulation.callLater(atMs + simulation.draw(simulation.draw(2) === 0 ? 50 : 1_500_000), () => {
        simulation.heal(a, b);
      });
    }
  }
  if (simulation.chance('isolation', 0.3)) {
    const atMs = simulation.draw(5000);
    simulation.callLater(atMs, () => {
      simulation.isolate('c');
    });
    simulation.callLater(atMs + simulation.draw(2e6), () => {
      simulation.revive('c');
    });
  }
}

function stall(simulation: Simulation, connection: SimConnection): void {
  const way = simulation.draw(2) === 0 ? 'up' : 'down';
  simulation.callLater(simulation.draw(500), () => {
    connection.stall(way);
  });
  simulation.callLater(500 + simulation.draw(5000), () => {
    connection.resume(way);
  });
}

/** Wild connections between all hosts, for some time; then the network is well again, and all loops are closed. */
async function storm(simulation: Simulation): Promise<void> {
  plan(simulation);
  const ends: Wild[] = [];
  const wild = (): Wild => {
    const end = new Wild(simulation);
    ends.push(end);
    if (simulation.draw(30) === 0) throw new Error('thrown in a factory');
    return end;
  };
  const loops = HOSTS.map((name) => simulation.host(name).getLoop());
  for (const loop of loops) {
    loop.onUncaught(() => {});
    await loop.listen(wild, 'tcp://0.0.0.0:7000');
  }
  let settled = 0;
  const connecting = Array.from({ length: 30 }, async (_, index) => {
    await sleep(simulation.draw(6000));
    const loop = loops[index % loops.length] as Loop;
    const to = HOSTS[simulation.draw(HOSTS.length)] ?? 'a';
    const options = simulation.draw(3) === 0 ? { timeoutMs: simulation.draw(300) } : {};
    await loop.connect(wild, `tcp://${to}:7000`, options).catch(() => undefined);
    settled++;
  });
  if (simulation.draw(4) === 0) {
    await sleep(simulation.draw(6000));
    await loops[2]?.close();
  }
  await Promise.allSettled(connecting);
  expect(settled).toBe(30);
  await sleep(simulation.draw(3_000_000));
  await Promise.all(loops.map((loop) => loop.close()));
  await sleep(1_000_000);
  for (const end of ends) {
    expect(end.mistakes).toEqual([]);
    expect(end.losses).toBe(end.transport === undefined ? 0 : 1);
  }
  for (const loop of loops) expect(loop.metrics().openConnections).toBe(0);
}

test('in any weather every connect settles, every end is told of its loss once, and bytes come in order', async () => {
  const { failure } = await sweep(30, storm, { timeoutMs: 1e9, shrinkRuns: 50 });
  if (failure !== undefined) throw failure.error;
});
