import { ConnectError, ConnectionLostError, LoopClosedError } from '@millrace/loop-policy';
import { sleep } from '@millrace/timeouts';
import { describe, expect, test } from 'vitest';
import { DeadlockError, Simulation } from '../src/index.js';
import { Echo, pattern, Sink, twoHosts } from './wire.js';

const code = (error: Error | null): unknown => (error?.cause as { code?: unknown } | undefined)?.code;

describe('the order of bytes', () => {
  test('survives a partition that begins and ends while some of them are on their way', async () => {
    const { simulation, client, server } = twoHosts();
    simulation.link('client', 'server', { latencyMs: 10, segmentBytes: 1 });
    await simulation.run(async () => {
      const sink = new Sink();
      await server.listen(() => sink, 'tcp://0.0.0.0:7000');
      const { transport } = await client.connect(() => new Sink(), 'tcp://server:7000');
      await sleep(50);
      transport.write(Uint8Array.of(1)); // would arrive at 10
      await sleep(5);
      transport.write(Uint8Array.of(2)); // would arrive at 15
      await sleep(3);
      simulation.partition('client', 'server');
      await sleep(4);
      simulation.heal('client', 'server');
      await sleep(100);
      expect(sink.bytes).toEqual([1, 2]);
    });
  });
});

describe('a half-open connection', () => {
  test('is reset when its end writes to one that gave up', async () => {
    const { simulation, client, server } = twoHosts();
    await simulation.run(async () => {
      const there = new Echo();
      let lost: Error | null | undefined;
      there.connectionLost = (error: Error | null = null) => void (lost = error);
      await server.listen(() => there, 'tcp://0.0.0.0:7000');
      const { transport, protocol } = await client.connect(() => new Sink(), 'tcp://server:7000');
      await sleep(10);
      simulation.partition('client', 'server');
      transport.write(pattern(1));
      expect(code(await protocol.lost)).toBe('ETIMEDOUT');
      simulation.heal('client', 'server');
      await sleep(1000);
      expect(lost).toBeUndefined();
      there.transport?.write(pattern(3));
      await sleep(10);
      expect(lost).toBeInstanceOf(ConnectionLostError);
      expect(server.metrics().openConnections).toBe(0);
    });
  });

  test('of which only the answers are lost breaks for the end that hears none', async () => {
    const { simulation, client, server } = twoHosts();
    await simulation.run(async () => {
      const there = new Sink();
      await server.listen(() => there, 'tcp://0.0.0.0:7000');
      const { transport, protocol } = await client.connect(() => new Sink(), 'tcp://server:7000');
      await sleep(10);
      simulation.partition('server', 'client', { oneWay: true });
      transport.write(pattern(4));
      expect(code(await protocol.lost)).toBe('ETIMEDOUT');
      expect(there.bytes).toHaveLength(4);
    });
  });
});

describe('a host that is isolated', () => {
  test('is so for hosts that come later, and parted links stay parted when it is back', async () => {
    const simulation = new Simulation({ seed: 1 });
    await simulation.run(async () => {
      await simulation
        .host('server')
        .getLoop()
        .listen(() => new Sink(), 'tcp://0.0.0.0:7000');
      simulation.isolate('server');
      const connect = (from: string): Promise<unknown> =>
        simulation
          .host(from)
          .getLoop()
          .connect(() => new Sink(), 'tcp://server:7000', { timeoutMs: 100 });
      await expect(connect('late')).rejects.toThrow(/100 ms/);
      simulation.partition('parted', 'server');
      simulation.revive('server');
      await connect('late');
      await expect(connect('parted')).rejects.toThrow(/100 ms/);
    });
  });

  test('cannot be saved by healing one of its links', async () => {
    const simulation = new Simulation({ seed: 1 });
    await simulation.run(async () => {
      simulation.isolate('server');
      simulation.heal('client', 'server');
      const loop = simulation.host('client').getLoop();
      await expect(loop.connect(() => new Sink(), 'tcp://server:7000', { timeoutMs: 100 })).rejects.toThrow(/100 ms/);
    });
  });
});

describe('a reset that was planned', () => {
  test('before the connection is there fails the connect, and leaves nothing open', async () => {
    const { simulation, client, server } = twoHosts();
    simulation.onConnection((connection) => {
      connection.reset();
    });
    await simulation.run(async () => {
      await server.listen(() => new Sink(), 'tcp://0.0.0.0:7000');
      const connecting = client.connect(() => new Sink(), 'tcp://server:7000');
      await expect(connecting).rejects.toThrow(ConnectError);
      await expect(connecting).rejects.toMatchObject({ reason: 'ECONNRESET' });
      await sleep(100);
      expect([client.metrics().openConnections, server.metrics().openConnections]).toEqual([0, 0]);
    });
  });

  test('for a byte that has arrived already comes at once, and no byte after it', async () => {
    const { simulation, client, server } = twoHosts();
    await simulation.run(async () => {
      const there = new Sink();
      await server.listen(() => there, 'tcp://0.0.0.0:7000');
      simulation.onConnection((connection) => {
        simulation.callLater(100, () => {
          connection.resetAfter('up', 3);
        });
      });
      const { transport } = await client.connect(() => new Sink(), 'tcp://server:7000');
      transport.write(pattern(10));
      expect(code(await there.lost)).toBe('ECONNRESET');
      expect(there.bytes).toHaveLength(10);
      expect(simulation.nowMs).toBe(101);
    });
  });
});

describe('loops closed in the middle', () => {
  test('of a client’s factory leave no connection', async () => {
    const { simulation, client, server } = twoHosts();
    await simulation.run(async () => {
      await server.listen(() => new Sink(), 'tcp://0.0.0.0:7000');
      let closed: Promise<void> | undefined;
      const connecting = client.connect(() => {
        closed = client.close();
        return new Sink();
      }, 'tcp://server:7000');
      await expect(connecting).rejects.toThrow(LoopClosedError);
      await closed;
      await sleep(100);
      expect([client.metrics().openConnections, server.metrics().openConnections]).toEqual([0, 0]);
    });
  });

  test('of a server’s factory reset what it was made for', async () => {
    const { simulation, client, server } = twoHosts();
    await simulation.run(async () => {
      await server.listen(() => {
        void server.close();
        return new Sink();
      }, 'tcp://0.0.0.0:7000');
      const { protocol } = await client.connect(() => new Sink(), 'tcp://server:7000');
      expect(code(await protocol.lost)).toBe('ECONNRESET');
      await server.close();
      expect(server.metrics().openConnections).toBe(0);
    });
  });
});

test('a connect that is aborted while it succeeds leaves no connection behind', async () => {
  const { simulation, client, server } = twoHosts();
  await simulation.run(async () => {
    await server.listen(() => new Sink(), 'tcp://0.0.0.0:7000');
    const controller = new AbortController();
    const sink = new Sink();
    sink.connectionMade = () => {
      controller.abort(new Error('changed my mind'));
    };
    const connecting = client.connect(() => sink, 'tcp://server:7000', { signal: controller.signal });
    await expect(connecting).rejects.toThrow('changed my mind');
    await sleep(100);
    expect([client.metrics().openConnections, server.metrics().openConnections]).toEqual([0, 0]);
  });
});

test('an end that closes goes, though the other one never reads', async () => {
  const { simulation, client, server } = twoHosts();
  await simulation.run(async () => {
    await server.listen(() => {
      const sink = new Sink();
      sink.connectionMade = (transport) => {
        transport.pauseReading();
      };
      return sink;
    }, 'tcp://0.0.0.0:7000');
    const { transport, protocol } = await client.connect(() => new Sink(), 'tcp://server:7000');
    transport.write(pattern(100));
    transport.close();
    expect(await protocol.lost).toBeNull();
  });
});

test.each([
  [
    'callSoon',
    (simulation: Simulation, again: () => void) => {
      simulation.host('a').getLoop().callSoon(again);
    },
  ],
  ['callLater', (simulation: Simulation, again: () => void) => void simulation.callLater(0, again)],
])(
  'a program that calls %s for ever without letting time pass is found out',
  async (_name, schedule) => {
    const simulation = new Simulation({ seed: 1 });
    const spin = (): void => {
      schedule(simulation, spin);
    };
    const run = simulation.run(() => {
      spin();
      return new Promise<never>(() => {});
    });
    await expect(run).rejects.toThrow(DeadlockError);
    await expect(run).rejects.toThrow(/time stands still/);
  },
  20_000,
);

test.each([
  { latencyMs: Infinity },
  { jitterMs: Infinity },
  { latencyMs: NaN },
  { segmentBytes: 1.5 },
  { windowBytes: 0.5 },
  { windowBytes: Infinity },
  { bytesPerSec: '9' as unknown as number },
])('a link refuses %o', (options) => {
  expect(() => {
    new Simulation({ seed: 1 }).link('a', 'b', options);
  }).toThrow(/expected (latencyMs|jitterMs|segmentBytes|windowBytes|bytesPerSec) to be /);
});

test('hosts cannot have names that mean something else', () => {
  for (const name of ['localhost', 'ENOTFOUND', 'EAI_AGAIN']) {
    expect(() => new Simulation({ seed: 1 }).host(name), name).toThrow(/expected the name of a host/);
  }
});

test.each([NaN, -1])('a run of %s ms is refused', async (timeoutMs) => {
  await expect(new Simulation({ seed: 1 }).run(() => sleep(1), { timeoutMs })).rejects.toThrow(/expected timeoutMs/);
});
