import { beforeEach, describe, expect, test } from 'vitest';
import { IdleTimeoutError, withLimits, type AnyProtocol, type LimitOptions, type Refusal } from '../src/index.js';
import { memoryTransportPair } from '../src/testing.js';
import { clockLoop, connectLimited, type ClockLoop, type Limited } from './clock-loop.js';
import { pattern, Recorder } from './recorder.js';

let time: ClockLoop;
beforeEach(() => {
  time = clockLoop();
});

const connect = (options: LimitOptions): Limited => connectLimited(time, options);

describe('withLimits', () => {
  test('refuses limits that are none, before there is a connection', () => {
    const factory = () => new Recorder();
    for (const total of [0, -1, 1.5, NaN]) expect(() => withLimits(factory, { total })).toThrow(RangeError);
    for (const perPeer of [0, 2.5]) expect(() => withLimits(factory, { perPeer })).toThrow(RangeError);
    for (const idleMs of [0, -1, NaN]) expect(() => withLimits(factory, { idleMs })).toThrow(RangeError);
    for (const rate of [0, -1, NaN]) {
      expect(() => withLimits(factory, { bytesPerSec: rate })).toThrow(RangeError);
      expect(() => withLimits(factory, { bytesPerSec: { read: rate } })).toThrow('bytesPerSec for reading');
      expect(() => withLimits(factory, { bytesPerSec: { write: rate } })).toThrow('bytesPerSec for writing');
    }
    const watermarks = { highWaterBytes: 1, lowWaterBytes: 2 };
    expect(() => withLimits(factory, { watermarks })).toThrow(RangeError);
    expect(() => withLimits(undefined as never)).toThrow(TypeError);
  });

  test('without limits gives the protocol all of its connection, and leaves no timer', () => {
    const { client, server, transport } = connect({ total: Infinity, bytesPerSec: Infinity, idleMs: Infinity });
    expect(time.clock.pending).toBe(0);
    client.transport.write(pattern(1000));
    transport.write(pattern(500));
    time.run();
    expect([server.bytes, client.bytes]).toEqual([pattern(1000), pattern(500)]);
    transport.abort();
    time.run();
    expect(server.events).toEqual(['connectionMade', 'dataReceived', 'connectionLost']);
  });

  test('aborts connections over `total` without making a protocol, and takes others when one has ended', () => {
    const refusals: Refusal[] = [];
    const made: Recorder[] = [];
    const factory = withLimits(
      () => {
        made.push(new Recorder());
        return made.at(-1) ?? new Recorder();
      },
      { total: 2, onRefused: (refusal) => refusals.push(refusal) },
    );
    const clients = Array.from({ length: 3 }, () => {
      const pair = memoryTransportPair({ loop: time.loop });
      pair.server.attach(factory());
      return pair.client.attach(new Recorder());
    });
    time.run();
    expect(made).toHaveLength(2);
    expect(clients.map((client) => client.isLost)).toEqual([false, false, true]);
    expect(refusals).toMatchObject([{ reason: 'total', limit: 2 }]);
    expect(factory.stats).toMatchObject({ open: 2, admitted: 2, refusedTotal: 1, refusedPerPeer: 0, peers: 0 });
    clients[0]?.transport.close();
    time.run();
    expect(factory.stats.open).toBe(1);
    const pair = memoryTransportPair({ loop: time.loop });
    pair.server.attach(factory());
    time.run();
    expect(factory.stats).toMatchObject({ open: 2, admitted: 3, refusedTotal: 1 });
  });

  test('has a throw of onRefused reported, after the connection was aborted', () => {
    const failure = new Error('no log');
    const factory = withLimits(() => new Recorder(), {
      total: 1,
      onRefused: () => {
        throw failure;
      },
    });
    const clients = Array.from({ length: 2 }, () => {
      const pair = memoryTransportPair({ loop: time.loop });
      pair.server.attach(factory());
      return pair.client.attach(new Recorder());
    });
    time.run();
    expect(clients.map((client) => client.isLost)).toEqual([false, true]);
    expect(time.uncaught).toEqual([failure]);
    expect(factory.stats).toMatchObject({ open: 1, refusedTotal: 1 });
  });

  test('counts a connection no more whose factory, or whose protocol, throws', () => {
    for (const fail of ['factory', 'connectionMade', 'dataReceived', 'nothing']) {
      const failure = new Error(fail);
      const act = (): void => {
        throw failure;
      };
      const noProtocol = { connectionMade: act } as unknown as AnyProtocol;
      const server = new Recorder(fail === 'connectionMade' ? { onMade: act } : { onData: act });
      const factory = withLimits(
        () => {
          if (fail === 'factory') throw failure;
          return fail === 'nothing' ? noProtocol : server;
        },
        { total: 1, idleMs: 1000, bytesPerSec: 1000 },
      );
      const pair = memoryTransportPair({ loop: time.loop });
      pair.server.attach(factory());
      const client = pair.client.attach(new Recorder());
      if (!client.transport.isClosing) client.transport.write(pattern(10));
      time.run();
      expect(client.isLost).toBe(true);
      expect(factory.stats.open).toBe(0);
      expect(time.clock.pending).toBe(0);
      const [reported] = time.uncaught.splice(0);
      if (fail === 'nothing') expect(reported).toBeInstanceOf(TypeError);
      else expect(reported).toBe(failure);
      if (server.events.length > 0) expect(server.events.at(-1)).toBe('connectionLost');
    }
  });
});

describe('idleMs', () => {
  test('aborts a connection on which no byte moved, exactly then, with an IdleTimeoutError', async () => {
    const { client, server } = connect({ idleMs: 1000 });
    time.advance(999);
    expect(server.isLost).toBe(false);
    time.advance(1);
    const error = await server.lost;
    expect(error).toBeInstanceOf(IdleTimeoutError);
    expect(error).toMatchObject({ code: 'ERR_LOOP_POLICY_IDLE', idleMs: 1000 });
    expect(client.isLost).toBe(true);
    expect(time.clock.pending).toBe(0);
  });

  test('begins anew with each byte, either way, and needs one timer for all of them', () => {
    const { client, server, transport } = connect({ idleMs: 1000 });
    for (let i = 0; i < 20; i++) {
      time.advance(700);
      const owner = i < 10 ? undefined : { recycle: () => {} };
      if (i % 5 === 0) client.transport.write(pattern(1));
      else if (i % 5 < 3) transport.write(pattern(1), owner);
      else transport.writeMany([pattern(1), pattern(2)], owner);
      time.run();
      expect(time.clock.pending).toBe(1);
    }
    time.advance(999);
    expect(server.isLost).toBe(false);
    time.advance(1);
    expect(server.isLost).toBe(true);
  });

  test('does not count what is written and cannot leave', () => {
    const { client, server, transport } = connect({ idleMs: 1000 });
    client.transport.pauseReading();
    for (let i = 0; i < 9; i++) {
      transport.writeMany([pattern(10), pattern(10)]);
      time.advance(100);
    }
    expect(server.isLost).toBe(false);
    time.advance(100);
    expect(server.isLost).toBe(true);
  });

  test('gives chunks back to their owner, once', () => {
    const { transport } = connect({ idleMs: 1000 });
    const recycled: Uint8Array[] = [];
    const chunks = [pattern(3), pattern(5)];
    transport.writeMany(chunks, { recycle: (chunk) => recycled.push(chunk) });
    expect(recycled).toEqual([]);
    time.run();
    expect(recycled).toHaveLength(2);
    expect(recycled.every((chunk, i) => chunk === chunks[i])).toBe(true);
  });

  test('also ends a connection that is closing and whose peer does not read', async () => {
    const { client, server, transport } = connect({ idleMs: 1000 });
    client.transport.pauseReading();
    transport.write(pattern(100));
    transport.close();
    time.advance(1000);
    expect(await server.lost).toBeInstanceOf(IdleTimeoutError);
  });

  test('holds no process open, and leaves no timer when the connection ends', () => {
    const { transport } = connect({ idleMs: 1000 });
    expect([time.clock.pending, time.clock.pendingRefs]).toEqual([1, 0]);
    transport.abort();
    time.run();
    expect(time.clock.pending).toBe(0);
  });

  test('does not count while a throttle is what holds bytes back', () => {
    const { client, server } = connect({ idleMs: 1000, bytesPerSec: { read: 10 } });
    client.transport.write(pattern(100));
    time.advance(9000); // a hundred bytes at ten per second
    expect(server.isLost).toBe(false);
    time.advance(3000);
    expect(server.isLost).toBe(true);
  });
});
