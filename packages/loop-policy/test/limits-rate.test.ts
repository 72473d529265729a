import { beforeEach, describe, expect, test } from 'vitest';
import { TransportClosedError, type LimitOptions } from '../src/index.js';
import { clockLoop, connectLimited, type ClockLoop, type Limited } from './clock-loop.js';
import { BufferedRecorder, pattern, Recorder } from './recorder.js';

let time: ClockLoop;
beforeEach(() => {
  time = clockLoop();
});
const connect = (options: LimitOptions, server?: Recorder): Limited => connectLimited(time, options, server);

describe('bytesPerSec for reading', () => {
  test('lets a tenth of a second through at once, and then keeps to the rate', () => {
    const server = new Recorder();
    const { client, factory } = connectLimited(time, { bytesPerSec: { read: 1000 } }, server, server, 10);
    client.transport.write(pattern(1000));
    time.run();
    expect(server.byteCount).toBe(100);
    for (let ms = 0; ms < 900; ms += 10) {
      time.advance(10);
      expect(server.byteCount).toBeLessThanOrEqual(110 + time.clock.now());
      expect(server.byteCount).toBeGreaterThanOrEqual(Math.min(1000, 30 + time.clock.now()));
    }
    expect(server.bytes).toEqual(pattern(1000));
    expect(factory.stats.readPauses).toBeGreaterThan(10); // and not one for each chunk
    expect(factory.stats.readPauses).toBeLessThan(22);
  });

  test('pays for a chunk that was too large afterwards', () => {
    const { client, server } = connect({ bytesPerSec: { read: 1000 } });
    client.transport.write(pattern(2000));
    client.transport.write(pattern(1));
    time.run();
    expect(server.byteCount).toBe(2000);
    time.advance(1899);
    expect(server.byteCount).toBe(2000);
    time.advance(100);
    expect(server.byteCount).toBe(2001);
  });

  test('holds the end of data back, too', () => {
    const { client, server } = connect({ bytesPerSec: { read: 1000 } });
    client.transport.write(pattern(500));
    client.transport.writeEof();
    time.run();
    expect(server.story).toEqual(['connectionMade', 'dataReceived']);
    time.advance(500);
    expect(server.story).toEqual(['connectionMade', 'dataReceived', 'eofReceived', 'connectionLost']);
  });

  test('leaves reading paused while the protocol has paused it, and resumes no earlier than the rate allows', () => {
    const { client, server, transport } = connect({ bytesPerSec: { read: 1000 } });
    client.transport.write(pattern(1100));
    time.run();
    transport.pauseReading();
    client.transport.write(pattern(1));
    time.advance(5000);
    expect(server.byteCount).toBe(1100);
    transport.resumeReading();
    time.run();
    expect(server.byteCount).toBe(1101);
    client.transport.write(pattern(1099));
    client.transport.write(pattern(1));
    time.run();
    transport.pauseReading();
    transport.resumeReading();
    time.run();
    expect(server.byteCount).toBe(2200);
    time.advance(1100);
    expect(server.byteCount).toBe(2201);
  });

  test('throttles a BufferedProtocol that is asked for memory after connectionMade', () => {
    const server = new Recorder();
    const buffered = new BufferedRecorder(server, 64);
    const { client } = connectLimited(time, { bytesPerSec: { read: 1000 } }, server, buffered);
    expect(server.events).toEqual(['connectionMade', 'getBuffer']);
    client.transport.write(pattern(1000));
    time.run();
    expect(server.byteCount).toBeLessThan(200);
    time.advance(1000);
    expect(server.bytes).toEqual(pattern(1000));
  });

  test('holds the process open while it waits, unless the connection does not', () => {
    const { client, server, transport } = connect({ bytesPerSec: { read: 1000 } });
    client.transport.write(pattern(200));
    time.run();
    expect([server.byteCount, time.clock.pendingRefs]).toEqual([200, 1]);
    transport.unref();
    expect([time.clock.pending, time.clock.pendingRefs]).toEqual([1, 0]);
    transport.ref();
    expect(time.clock.pendingRefs).toBe(1);
    transport.unref();
    time.advance(1000);
    client.transport.write(pattern(200));
    time.run();
    expect([time.clock.pending, time.clock.pendingRefs]).toEqual([1, 0]);
    transport.abort();
    time.run();
    expect(time.clock.pending).toBe(0);
  });

  test('reads on without it where the loop was closed', async () => {
    const { client, server } = connect({ bytesPerSec: { read: 1000 }, idleMs: 1000 });
    time.close();
    for (let i = 0; i < 3; i++) {
      client.transport.write(pattern(500));
      await Promise.resolve();
    }
    time.clock.advance(5000); // silence cannot be timed any more, either
    await Promise.resolve();
    expect(server.byteCount).toBe(1500);
    expect(time.clock.pending).toBe(0);
  });

  test('gives a protocol that closes in the middle of a chunk nothing more of it', async () => {
    const server = new Recorder({
      onData: (_, transport) => {
        transport.write(pattern(600));
        transport.close();
      },
    });
    const { client } = connectLimited(time, { bytesPerSec: 1000 }, server, new BufferedRecorder(server, 64));
    client.transport.write(pattern(300));
    time.advance(2000);
    client.transport.close();
    time.run();
    expect(server.byteCount).toBe(64);
    expect(server.story).toEqual(['connectionMade', 'getBuffer', 'dataReceived', 'connectionLost']);
    expect(client.bytes).toEqual(pattern(600));
    expect(await server.lost).toBe(null);
  });

  test('has an error of the clock reported, which ends the connection', () => {
    const failure = new Error('no clock');
    time.loop.callLater = () => {
      throw failure;
    };
    const { client, server } = connect({ idleMs: 1000 });
    expect(time.uncaught).toEqual([failure]);
    expect([client.isLost, server.events]).toEqual([true, []]);
  });
});

describe('bytesPerSec for writing', () => {
  test('lets a tenth of a second through at once, then keeps to the rate exactly, and uses it up', () => {
    const { client, transport, factory } = connect({ bytesPerSec: { write: 1000 } });
    transport.write(pattern(1100));
    time.run();
    expect(client.byteCount).toBe(100);
    for (let ms = 0; ms < 1000; ms += 10) {
      time.advance(10);
      expect(client.byteCount).toBeLessThanOrEqual(100 + time.clock.now());
      expect(client.byteCount).toBeGreaterThanOrEqual(50 + time.clock.now());
    }
    time.advance(50);
    expect(client.bytes).toEqual(pattern(1100));
    expect(transport.bufferedBytes).toBe(0);
    expect(factory.stats.writeDelays).toBe(20);
    expect(time.clock.pending).toBe(0);
  });

  test('keeps chunks in order, and gives each back once after its last byte left, never inside write()', () => {
    const { client, transport } = connect({ bytesPerSec: { write: 1000 } });
    const [recycled, chunks] = [[] as Uint8Array[], [pattern(90), new Uint8Array(0), pattern(300), pattern(7)]];
    const owner = {
      recycle: (chunk: Uint8Array) => {
        recycled.push(chunk);
        const before = chunks.slice(0, recycled.length).reduce((sum, each) => sum + each.length, 0);
        expect(client.byteCount).toBeGreaterThanOrEqual(before);
      },
    };
    transport.writeMany(chunks.slice(0, 3), owner);
    for (const chunk of chunks.slice(3)) transport.write(chunk, owner);
    expect(recycled).toEqual([]);
    time.advance(1000);
    expect(recycled).toHaveLength(4);
    expect(recycled.every((chunk, i) => chunk === chunks[i])).toBe(true);
    expect(client.bytes).toEqual(Uint8Array.from(chunks.flatMap((chunk) => [...chunk])));
  });

  test('echoes borrowed chunks intact that have to wait, although their memory is overwritten', () => {
    const server = new Recorder({
      onData: (chunk, transport) => {
        transport.write(chunk.subarray(1));
      },
    });
    const { client } = connect({ bytesPerSec: { write: 1000 } }, server);
    client.transport.write(pattern(1001));
    time.advance(2000);
    expect(client.bytes).toEqual(pattern(1001).subarray(1));
  });

  test('pauses and resumes writing by what was written and has not left, wherever it waits', () => {
    const watermarks = { highWaterBytes: 500, lowWaterBytes: 200 };
    const { server, transport } = connect({ bytesPerSec: { write: 1000 }, watermarks });
    transport.write(pattern(500));
    expect(transport.bufferedBytes).toBe(500);
    expect(server.count('pauseWriting')).toBe(0);
    transport.write(pattern(600));
    expect(server.events).toEqual(['connectionMade', 'pauseWriting']);
    time.advance(700);
    expect(server.count('resumeWriting')).toBe(0);
    time.advance(200);
    expect(server.events).toEqual(['connectionMade', 'pauseWriting', 'resumeWriting']);
    transport.setWriteWatermarks({ highWaterBytes: 0, lowWaterBytes: 0 });
    expect(server.events.at(-1)).toBe('pauseWriting');
    expect(() => {
      transport.setWriteWatermarks({ highWaterBytes: 0, lowWaterBytes: 1 });
    }).toThrow(RangeError);
  });

  test('tells a new protocol that writing is paused', () => {
    const { server, transport } = connect({
      bytesPerSec: { write: 1000 },
      watermarks: { highWaterBytes: 10, lowWaterBytes: 0 },
    });
    transport.write(pattern(300));
    const next = new Recorder({ isWhole: false });
    transport.setProtocol(next);
    time.advance(1000);
    expect(next.events).toEqual(['pauseWriting', 'resumeWriting']);
    expect(server.events).toEqual(['connectionMade', 'pauseWriting']);
  });

  test('sends everything that waits before the end of data, and before it closes', async () => {
    for (const end of ['writeEof', 'close'] as const) {
      const { client, server, transport } = connect({ bytesPerSec: { write: 1000 } });
      transport.write(pattern(600));
      transport[end]();
      transport[end]();
      expect(transport.isClosing).toBe(end === 'close');
      expect(() => {
        transport.write(pattern(1));
      }).toThrow(TransportClosedError);
      time.run();
      expect(client.events).not.toContain('eofReceived');
      time.advance(550);
      expect(client.bytes).toEqual(pattern(600));
      expect(client.story).toEqual(['connectionMade', 'dataReceived', 'eofReceived']);
      client.transport.close();
      time.run();
      expect(await server.lost).toBe(null);
      expect(time.clock.pending).toBe(0);
    }
  });

  test('gives a protocol that is closing nothing but pauses and resumptions, then its end', async () => {
    const { client, server, transport } = connect({
      bytesPerSec: { write: 1000 },
      watermarks: { highWaterBytes: 100, lowWaterBytes: 10 },
    });
    transport.write(pattern(600));
    transport.close();
    client.transport.write(pattern(100));
    client.transport.writeEof();
    transport.resumeReading();
    transport.pauseReading();
    time.advance(1000);
    expect(client.bytes).toEqual(pattern(600));
    expect(await server.lost).toBe(null);
    expect(server.events).toEqual(['connectionMade', 'pauseWriting', 'resumeWriting', 'connectionLost']);
    await expect(transport.startTls()).rejects.toThrow(TransportClosedError);
  });

  test('closes after what waits when the peer ends and the protocol does not want to go on', async () => {
    const { client, server, transport } = connect({ bytesPerSec: { write: 1000 } });
    transport.write(pattern(600));
    client.transport.writeEof();
    time.run();
    expect(server.isLost).toBe(false);
    time.advance(600);
    expect(client.bytes).toEqual(pattern(600));
    expect(await server.lost).toBe(null);
  });

  test('discards what waits on abort, and gives it back before connectionLost', async () => {
    const order: unknown[] = [];
    const server = new Recorder({ onLost: () => order.push('lost') });
    const { transport } = connect({ bytesPerSec: { write: 1000 } }, server);
    const owner = { recycle: (chunk: Uint8Array) => order.push(chunk.length) };
    transport.write(pattern(600), owner);
    transport.write(pattern(6), owner);
    time.run();
    const reason = new Error('enough');
    transport.abort(reason);
    expect(order).toEqual([]);
    time.advance(5000);
    expect(order).toEqual([600, 6, 'lost']);
    expect(await server.lost).toBe(reason);
    expect(transport.bufferedBytes).toBe(0);
  });

  test('sends nothing more once it is aborted, also when its time comes before connectionLost', () => {
    const { client, transport } = connect({ bytesPerSec: { write: 1000 } });
    transport.write(pattern(600));
    transport.abort();
    expect(() => {
      transport.write(pattern(1));
    }).toThrow(TransportClosedError);
    time.clock.advance(1000);
    time.run();
    expect(client.byteCount).toBe(0);
    expect(time.clock.pending).toBe(0);
  });

  test('has throws of owners and of callbacks reported, and the connection ends', () => {
    const failure = new Error('not mine');
    const owner = {
      recycle: () => {
        throw failure;
      },
    };
    const lost = connect({ bytesPerSec: { write: 1000 } });
    for (let i = 0; i < 3; i++) lost.transport.write(pattern(600), owner);
    time.run();
    lost.transport.abort();
    time.run();
    expect(time.uncaught.splice(0)).toMatchObject([{ errors: [failure, failure, failure] }]);
    expect(lost.server.events.at(-1)).toBe('connectionLost');
    const one = connect({ bytesPerSec: { write: 1000 } });
    one.transport.write(pattern(600), owner);
    one.transport.abort();
    time.run();
    expect(time.uncaught.splice(0)).toEqual([failure]);
    const server = new Recorder({
      onPause: () => {
        throw failure;
      },
    });
    const paused = connect(
      { bytesPerSec: { write: 1000 }, watermarks: { highWaterBytes: 1, lowWaterBytes: 0 } },
      server,
    );
    paused.transport.write(pattern(2)); // does not throw, as with every transport
    time.run();
    expect(time.uncaught.splice(0)).toEqual([failure]);
    expect(server.events).toEqual(['connectionMade', 'pauseWriting', 'connectionLost']);
  });

  test('holds the process open while bytes wait, unless the connection does not', () => {
    const { transport } = connect({ bytesPerSec: { write: 1000 } });
    transport.write(pattern(600));
    expect(time.clock.pendingRefs).toBe(1);
    transport.unref();
    expect([time.clock.pending, time.clock.pendingRefs]).toEqual([1, 0]);
    time.advance(100);
    expect([time.clock.pending, time.clock.pendingRefs]).toEqual([1, 0]);
    transport.ref();
    expect(time.clock.pendingRefs).toBe(1);
  });

  test('refuses what is no chunk, and counts nothing', () => {
    const { transport } = connect({ bytesPerSec: { write: 1000 } });
    expect(() => {
      transport.writeMany([pattern(1), 'text' as never]);
    }).toThrow(TypeError);
    expect(transport.bufferedBytes).toBe(0);
  });

  test('keeps the protocol that it has when it is to get one that is none', () => {
    const { client, server, transport } = connect({ bytesPerSec: { write: 1000 } });
    expect(() => {
      transport.setProtocol({} as never);
    }).toThrow(TypeError);
    client.transport.write(pattern(5));
    time.run();
    expect(server.byteCount).toBe(5);
  });
});
