import { ConnectError, ConnectionLostError, ListenError } from '@millrace/loop-policy';
import { sleep, TimeoutError } from '@millrace/timeouts';
import { describe, expect, test } from 'vitest';
import type { LinkOptions, Simulation } from '../src/index.js';
import { Echo, pattern, Sink, twoHosts } from './wire.js';

/** Sends one message over a link and says when each of its pieces arrived, counted from the moment of writing. */
async function arrivals(bytes: number, link: LinkOptions, seed = 1): Promise<number[]> {
  const { simulation, client, server } = twoHosts(seed);
  simulation.link('client', 'server', link);
  return simulation.run(async () => {
    const sink = new Sink();
    await server.listen(() => sink, 'tcp://0.0.0.0:7000');
    const { transport } = await client.connect(() => new Sink(), 'tcp://server:7000');
    const sentAt = client.now();
    transport.write(pattern(bytes));
    transport.close();
    await sink.lost;
    expect(sink.bytes).toEqual([...pattern(bytes)]);
    return sink.atMs.map((atMs) => atMs - sentAt);
  });
}

describe('a link', () => {
  test('takes its latency, and a connection three times that', async () => {
    const { simulation, client, server } = twoHosts();
    simulation.link('client', 'server', { latencyMs: 20 });
    await simulation.run(async () => {
      await server.listen(() => new Echo(), 'tcp://0.0.0.0:7000');
      const { transport } = await client.connect(() => new Sink(), 'tcp://server:7000');
      expect(client.now()).toBe(40);
      expect(transport.info).toMatchObject({ localAddress: '10.0.0.1', remoteAddress: '10.0.0.2', remotePort: 7000 });
    });
    expect(await arrivals(10, { latencyMs: 20 })).toEqual([20]);
  });

  test('is as fast as it is said to be, whatever is written at once', async () => {
    const times = await arrivals(50_000, { latencyMs: 0, bytesPerSec: 10_000, windowBytes: 1e6 });
    expect(times.at(-1)).toBeCloseTo(5000, 6);
  });

  test('with jitter keeps the order within a connection', async () => {
    const times = await arrivals(40_000, { latencyMs: 10, jitterMs: 50, segmentBytes: 500, windowBytes: 1e6 });
    expect(times.length).toBeGreaterThan(70);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...times)).toBeLessThan(61);
  });

  test('waits for the receiver when its window is full', async () => {
    const { simulation, client, server } = twoHosts();
    simulation.link('client', 'server', { windowBytes: 1000 });
    await simulation.run(async () => {
      const sink = new Sink();
      let reader: { resumeReading(): void } | undefined;
      await server.listen(() => sink, 'tcp://0.0.0.0:7000');
      sink.connectionMade = (transport) => {
        transport.pauseReading();
        reader = transport;
      };
      const { transport } = await client.connect(() => new Sink(), 'tcp://server:7000');
      transport.write(pattern(5000));
      await sleep(1000);
      expect(transport.bufferedBytes).toBe(4000);
      reader?.resumeReading();
      await sleep(1000);
      expect(transport.bufferedBytes).toBe(0);
      expect(sink.bytes).toEqual([...pattern(5000)]);
    });
  });

  test('tears what is written where the seed wants it', async () => {
    const pieces = new Set<number>();
    for (let seed = 0; seed < 40; seed++) pieces.add((await arrivals(100, {}, seed)).length);
    expect(pieces.size).toBeGreaterThan(1);
  });
});

describe('connecting', () => {
  const failure = (prepare: (simulation: Simulation) => void, endpoint = 'tcp://server:7000'): Promise<unknown> => {
    const { simulation, client } = twoHosts();
    prepare(simulation);
    return simulation.run(() => client.connect(() => new Sink(), endpoint).catch((error: unknown) => error));
  };

  test('to a port where nobody listens is refused', async () => {
    expect(await failure(() => {})).toMatchObject({ name: 'ConnectError', reason: 'ECONNREFUSED' });
  });

  test('to a name that nobody has fails, as does one that cannot be looked up now', async () => {
    expect(await failure(() => {}, 'tcp://nobody:1')).toMatchObject({ reason: 'ENOTFOUND' });
    const failing = await failure((simulation) => {
      simulation.setName('server', 'EAI_AGAIN');
    });
    expect(failing).toMatchObject({ reason: 'EAI_AGAIN' });
  });

  test('to a name that is another host’s reaches that one', async () => {
    const { simulation, client, server } = twoHosts();
    simulation.setName('db.example', 'server');
    await simulation.run(async () => {
      await server.listen(() => new Echo(), 'tcp://0.0.0.0:5432');
      const { transport } = await client.connect(() => new Sink(), 'tcp://db.example:5432');
      expect(transport.info.remoteAddress).toBe('10.0.0.2');
    });
  });

  test('to a host that does not answer ends with the caller’s patience, or the system’s', async () => {
    const { simulation, client, server } = twoHosts();
    await simulation.run(async () => {
      await server.listen(() => new Echo(), 'tcp://0.0.0.0:7000');
      simulation.isolate('server');
      await expect(client.connect(() => new Sink(), 'tcp://server:7000', { timeoutMs: 300 })).rejects.toThrow(
        TimeoutError,
      );
      expect(client.now()).toBe(300);
      const patient = client.connect(() => new Sink(), 'tcp://server:7000');
      await expect(patient).rejects.toThrow(ConnectError);
      await expect(patient).rejects.toMatchObject({ reason: 'ETIMEDOUT' });
      expect(client.now()).toBe(127_300);
      simulation.revive('server');
      await client.connect(() => new Sink(), 'tcp://server:7000');
    });
  });

  test('listening where somebody listens already is refused, on another host it is not', async () => {
    const { simulation, client, server } = twoHosts();
    await simulation.run(async () => {
      const first = await server.listen(() => new Echo(), 'tcp://0.0.0.0:7000');
      await client.listen(() => new Echo(), 'tcp://0.0.0.0:7000');
      await expect(server.listen(() => new Echo(), 'tcp://0.0.0.0:7000')).rejects.toThrow(ListenError);
      await expect(server.listen(() => new Echo(), 'tcp://client:7001')).rejects.toMatchObject({
        reason: 'EADDRNOTAVAIL',
      });
      await first.close();
      await server.listen(() => new Echo(), 'tcp://0.0.0.0:7000');
    });
  });
});

describe('a partition', () => {
  test('holds everything back, and the connection goes on when it is healed', async () => {
    const { simulation, client, server } = twoHosts();
    await simulation.run(async () => {
      await server.listen(() => new Echo(), 'tcp://0.0.0.0:7000');
      const { transport, protocol } = await client.connect(() => new Sink(), 'tcp://server:7000');
      simulation.partition('client', 'server');
      transport.write(pattern(100));
      await sleep(60_000);
      expect(protocol.bytes).toEqual([]);
      simulation.heal('client', 'server');
      await sleep(10);
      expect(protocol.bytes).toEqual([...pattern(100)]);
    });
  });

  test('in one way lets the other direction through', async () => {
    const { simulation, client, server } = twoHosts();
    await simulation.run(async () => {
      const there = new Sink();
      let back: { write(chunk: Uint8Array): void } | undefined;
      there.connectionMade = (transport) => (back = transport);
      await server.listen(() => there, 'tcp://0.0.0.0:7000');
      const { transport, protocol } = await client.connect(() => new Sink(), 'tcp://server:7000');
      await sleep(10);
      simulation.partition('client', 'server', { oneWay: true });
      transport.write(pattern(5));
      back?.write(pattern(7));
      await sleep(1000);
      expect([there.bytes.length, protocol.bytes.length]).toEqual([0, 7]);
    });
  });

  test('of 15 minutes breaks the end that has sent something, and leaves the other half open', async () => {
    const { simulation, client, server } = twoHosts();
    await simulation.run(async () => {
      const there = new Sink();
      await server.listen(() => there, 'tcp://0.0.0.0:7000');
      const { transport, protocol } = await client.connect(() => new Sink(), 'tcp://server:7000');
      await sleep(10);
      simulation.isolate('server');
      transport.write(pattern(1));
      const error = await protocol.lost;
      expect(error).toBeInstanceOf(ConnectionLostError);
      expect((error?.cause as { code: string }).code).toBe('ETIMEDOUT');
      expect(client.now()).toBeGreaterThan(900_000);
      expect(server.metrics().openConnections).toBe(1);
    });
  });
});

describe('a reset', () => {
  test.each(['up', 'down'] as const)(
    'comes after any number of bytes %s, and every end hears of its loss',
    async (way) => {
      for (let bytes = 0; bytes <= 64; bytes++) {
        const { simulation, client, server } = twoHosts(bytes);
        simulation.onConnection((connection) => {
          connection.resetAfter(way, bytes);
        });
        await simulation.run(async () => {
          const echo = new Echo();
          await server.listen(() => echo, 'tcp://0.0.0.0:7000');
          const { transport, protocol } = await client.connect(() => new Sink(), 'tcp://server:7000');
          transport.write(pattern(64));
          const error = await protocol.lost;
          expect((error?.cause as { code: string }).code).toBe('ECONNRESET');
          expect(protocol.bytes.length).toBeLessThanOrEqual(way === 'down' ? bytes : 64);
          expect(protocol.bytes).toEqual([...pattern(64)].slice(0, protocol.bytes.length));
          await sleep(10);
          expect(server.metrics().openConnections).toBe(0);
        });
      }
    },
  );

  test('of a connection comes whenever the program wants it', async () => {
    const { simulation, client, server } = twoHosts();
    await simulation.run(async () => {
      const there = new Sink();
      await server.listen(() => there, 'tcp://0.0.0.0:7000');
      const connections: { client: string; server: string; endpoint: number | string }[] = [];
      const stop = simulation.onConnection((connection) => {
        connections.push(connection);
        simulation.callLater(500, () => {
          connection.reset();
        });
      });
      const { protocol } = await client.connect(() => new Sink(), 'tcp://server:7000');
      stop();
      expect(await protocol.lost).toBeInstanceOf(ConnectionLostError);
      expect(await there.lost).toBeInstanceOf(ConnectionLostError);
      expect(connections).toMatchObject([{ client: 'client', server: 'server', endpoint: 7000 }]);
    });
  });
});

test('datagrams get lost, as often as the link says', async () => {
  const { simulation, client, server } = twoHosts();
  simulation.link('client', 'server', { datagramLoss: 0.25 });
  await simulation.run(async () => {
    let received = 0;
    const protocol = () => ({
      ...{ connectionMade() {}, errorReceived() {}, pauseWriting() {}, resumeWriting() {}, connectionLost() {} },
      datagramReceived() {
        received++;
      },
    });
    await server.openDatagram(protocol, { local: { host: '0.0.0.0', port: 53 } });
    const { transport } = await client.openDatagram(protocol, { remote: { host: 'server', port: 53 } });
    for (let i = 0; i < 1000; i++) transport.send(new Uint8Array(1));
    await sleep(10);
    expect(received).toBeGreaterThan(700);
    expect(received).toBeLessThan(800);
  });
});
