import { ConnectError } from '@millrace/loop-policy';
import { sleep, TimeoutError } from '@millrace/timeouts';
import { describe, expect, test } from 'vitest';
import type { SimConnect, SimConnection } from '../src/index.js';
import { pattern, Sink, twoHosts } from './wire.js';

describe('a reader that is stalled', () => {
  test('gets nothing, its window fills, and the sender has to wait until it is resumed', async () => {
    const { simulation, client, server } = twoHosts();
    simulation.link('client', 'server', { windowBytes: 1000 });
    await simulation.run(async () => {
      const there = new Sink();
      let connection: SimConnection | undefined;
      simulation.onConnection((made) => {
        (connection = made).stall('up');
      });
      await server.listen(() => there, 'tcp://0.0.0.0:7000');
      const pauses: string[] = [];
      const here = Object.assign(new Sink(), {
        pauseWriting: () => void pauses.push('pause'),
        resumeWriting: () => void pauses.push('resume'),
      });
      const { transport } = await client.connect(() => here, 'tcp://server:7000');
      transport.write(pattern(100_000));
      transport.writeEof();
      await sleep(60_000);
      expect([there.bytes.length, there.isEnded, transport.bufferedBytes]).toEqual([0, false, 99_000]);
      expect(pauses).toEqual(['pause']);
      connection?.resume('up');
      await sleep(60_000);
      expect(there.bytes).toEqual([...pattern(100_000)]);
      expect([there.isEnded, transport.bufferedBytes]).toEqual([true, 0]);
      expect(pauses).toEqual(['pause', 'resume']);
    });
    expect(simulation.formatTrace()).toMatch(/client:40000 -> server:7000 +resumed/);
  });

  test('in one direction does not stop the other one, and hears that the connection is lost', async () => {
    const { simulation, client, server } = twoHosts();
    await simulation.run(async () => {
      const there = new Sink();
      let connection: SimConnection | undefined;
      simulation.onConnection((made) => {
        (connection = made).stall('down');
      });
      await server.listen(() => there, 'tcp://0.0.0.0:7000');
      const { transport, protocol } = await client.connect(() => new Sink(), 'tcp://server:7000');
      transport.write(pattern(10));
      await sleep(10);
      expect(there.bytes).toHaveLength(10);
      connection?.reset();
      expect(await protocol.lost).toBeInstanceOf(Error);
    });
  });

  test('is named by a deadlock', async () => {
    const { simulation, client, server } = twoHosts();
    const run = simulation.run(async () => {
      simulation.onConnection((connection) => {
        connection.stall('up');
      });
      const there = new Sink();
      await server.listen(() => there, 'tcp://0.0.0.0:7000');
      const { transport } = await client.connect(() => new Sink(), 'tcp://server:7000');
      transport.write(pattern(5));
      await there.lost;
    });
    await expect(run).rejects.toThrow(/server:7000 -> client:40000: stalled, 1 pieces? waits?/);
  });

  test('does not keep its own side from closing', async () => {
    const { simulation, client, server } = twoHosts();
    await simulation.run(async () => {
      simulation.onConnection((connection) => {
        connection.stall('down');
      });
      const there = new Sink();
      there.connectionMade = (transport) => {
        transport.write(pattern(300_000));
      };
      await server.listen(() => there, 'tcp://0.0.0.0:7000');
      const { transport, protocol } = await client.connect(() => new Sink(), 'tcp://server:7000');
      await sleep(100);
      transport.close();
      expect(await protocol.lost).toBeNull();
      expect(protocol.bytes).toEqual([]);
    });
  });
});

describe('a connect', () => {
  const refusing = (attempt: SimConnect): void => {
    attempt.refuse();
  };

  test('that is refused by plan fails after the way there and back, and the next one does not', async () => {
    const { simulation, client, server } = twoHosts();
    simulation.link('client', 'server', { latencyMs: 20 });
    await simulation.run(async () => {
      await server.listen(() => new Sink(), 'tcp://0.0.0.0:7000');
      const stop = simulation.onConnect(refusing);
      const refused = client.connect(() => new Sink(), 'tcp://server:7000');
      await expect(refused).rejects.toMatchObject({ name: 'ConnectError', reason: 'ECONNREFUSED' });
      expect(client.now()).toBe(40);
      stop();
      await client.connect(() => new Sink(), 'tcp://server:7000');
    });
    expect(simulation.formatTrace()).toMatch(/client -> tcp:\/\/server:7000 +fails +ECONNREFUSED: connection refused/);
  });

  test('to a path that is refused by plan finds no file', async () => {
    const { simulation, server } = twoHosts();
    await simulation.run(async () => {
      await server.listen(() => new Sink(), 'unix:/run/s');
      simulation.onConnect(refusing);
      await expect(server.connect(() => new Sink(), 'unix:/run/s')).rejects.toMatchObject({ reason: 'ENOENT' });
    });
  });

  test('that hangs by plan ends with the caller’s patience, or the system’s', async () => {
    const { simulation, client, server } = twoHosts();
    await simulation.run(async () => {
      const seen: unknown[] = [];
      await server.listen(() => new Sink(), 'tcp://0.0.0.0:7000');
      simulation.onConnect((attempt) => {
        seen.push([attempt.client, attempt.server, attempt.endpoint]);
        attempt.hang();
      });
      const impatient = client.connect(() => new Sink(), 'tcp://server:7000', { timeoutMs: 300 });
      await expect(impatient).rejects.toThrow(TimeoutError);
      expect(client.now()).toBe(300);
      const patient = client.connect(() => new Sink(), 'tcp://server:7000');
      await expect(patient).rejects.toThrow(ConnectError);
      await expect(patient).rejects.toMatchObject({ reason: 'ETIMEDOUT' });
      expect(client.now()).toBe(127_300);
      expect(seen).toEqual([
        ['client', 'server', 7000],
        ['client', 'server', 7000],
      ]);
    });
  });

  test.each(['onConnect', 'onConnection'] as const)('whose %s listener throws ends the run', async (listener) => {
    const { simulation, client, server } = twoHosts();
    simulation[listener](() => {
      throw new Error('a plan with a mistake');
    });
    const run = simulation.run(async () => {
      await server.listen(() => new Sink(), 'tcp://0.0.0.0:7000');
      await client.connect(() => new Sink(), 'tcp://server:7000');
    });
    await expect(run).rejects.toThrow('a plan with a mistake');
  });

  test('finds no port where all are taken, and one again when a connection ends', async () => {
    const { simulation, client, server } = twoHosts();
    await simulation.run(async () => {
      await server.listen(() => new Sink(), 'tcp://0.0.0.0:7000');
      const connect = () => client.connect(() => new Sink(), 'tcp://server:7000');
      const made = await Promise.all(Array.from({ length: 25_536 }, connect));
      const ports = made.map(({ transport }) => transport.info.localPort ?? NaN);
      expect([new Set(ports).size, Math.min(...ports), Math.max(...ports)]).toEqual([25_536, 40_000, 65_535]);
      await expect(connect()).rejects.toMatchObject({ reason: 'EADDRNOTAVAIL' });
      await expect(client.listen(() => new Sink(), 'tcp://0.0.0.0:0')).rejects.toMatchObject({ reason: 'EADDRINUSE' });
      made[0]?.transport.abort();
      await sleep(1);
      await connect();
    });
  });
});

test('a direction is up or down', async () => {
  const { simulation, client, server } = twoHosts();
  await simulation.run(async () => {
    let connection: SimConnection | undefined;
    simulation.onConnection((made) => (connection = made));
    await server.listen(() => new Sink(), 'tcp://0.0.0.0:7000');
    await client.connect(() => new Sink(), 'tcp://server:7000');
    expect(() => {
      connection?.stall('left' as 'up');
    }).toThrow(/expected 'up' or 'down' as the direction, got "left"/);
    expect(() => {
      connection?.resetAfter('up', -1);
    }).toThrow(/expected bytes to be 0 or more, got -1/);
  });
});
