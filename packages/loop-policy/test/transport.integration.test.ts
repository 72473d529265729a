import { describe, expect, test } from 'vitest';
import { ConnectionLostError, TransportClosedError, type ChunkOwner } from '../src/index.js';
import { BufferedRecorder, pattern, Recorder, settle } from './recorder.js';
import { wirings } from './wirings.js';

/** Counts what it gets back. */
function owner(): ChunkOwner & { readonly recycled: Uint8Array[] } {
  const recycled: Uint8Array[] = [];
  return { recycled, recycle: (chunk) => recycled.push(chunk) };
}

describe.each(wirings)('a transport over $name', (wiring) => {
  test('delivers bytes in order, both ways at once', async () => {
    const [client, server] = [new Recorder(), new Recorder()];
    await using _ = await wiring.connect(client, server);
    const [up, down] = [pattern(20_000), pattern(30_000).reverse()];
    for (let at = 0; at < up.length; at += 999) client.transport.write(up.subarray(at, at + 999));
    server.transport.writeMany([down.subarray(0, 10), down.subarray(10, 10), down.subarray(10)]);
    await server.until(() => server.byteCount === up.length);
    await client.until(() => client.byteCount === down.length);
    expect(Buffer.compare(server.bytes, up)).toBe(0);
    expect(Buffer.compare(client.bytes, down)).toBe(0);
    expect(client.events[0]).toBe('connectionMade');
  });

  test('close sends what is queued, then both ends learn of the end without an error', async () => {
    const [client, server] = [new Recorder(), new Recorder()];
    await using _ = await wiring.connect(client, server);
    client.transport.write(pattern(10_000));
    client.transport.close();
    client.transport.close();
    expect(client.transport.isClosing).toBe(true);
    expect(await Promise.all([client.lost, server.lost])).toEqual([null, null]);
    expect(server.byteCount).toBe(10_000);
    expect(server.story).toEqual(['connectionMade', 'dataReceived', 'eofReceived', 'connectionLost']);
    expect(client.story).toEqual(['connectionMade', 'connectionLost']);
  });

  test('after close there is no data and no end of data', async () => {
    const [client, server] = [new Recorder(), new Recorder()];
    await using _ = await wiring.connect(client, server);
    server.transport.write(pattern(5000));
    client.transport.close();
    server.transport.close();
    await client.lost;
    expect(client.story).toEqual(['connectionMade', 'connectionLost']);
  });

  test('no method calls connectionLost or dataReceived synchronously', async () => {
    const [client, server] = [new Recorder(), new Recorder()];
    await using _ = await wiring.connect(client, server);
    server.transport.write(pattern(10));
    client.transport.pauseReading();
    await settle();
    client.transport.resumeReading();
    expect(client.events).toEqual(['connectionMade']);
    client.transport.abort();
    expect(client.events).toEqual(['connectionMade']);
    await client.lost;
  });

  test('abort discards, passes its error on once, and the other end learns of it', async () => {
    const [client, server] = [new Recorder(), new Recorder()];
    await using _ = await wiring.connect(client, server);
    const reason = new Error('enough');
    client.transport.abort(reason);
    client.transport.abort(new Error('again'));
    client.transport.close();
    expect(await client.lost).toBe(reason);
    await server.lost;
    await settle();
    expect(client.events).toEqual(['connectionMade', 'connectionLost']);
    expect(server.events.filter((event) => event === 'connectionLost')).toHaveLength(1);
  });

  test('write after close, abort, writeEof and loss throws, and the chunk stays the caller’s', async () => {
    for (const end of ['close', 'abort', 'writeEof'] as const) {
      const [client, server] = [new Recorder(), new Recorder({ onEof: () => true })];
      await using _ = await wiring.connect(client, server);
      const back = owner();
      client.transport[end]();
      expect(() => {
        client.transport.write(pattern(1), back);
      }, end).toThrow(TransportClosedError);
      server.transport.abort();
      await client.lost;
      expect(() => {
        client.transport.writeMany([pattern(1)], back);
      }).toThrow(expect.objectContaining({ code: 'ERR_LOOP_POLICY_TRANSPORT_CLOSED' }));
      await settle();
      expect(back.recycled).toEqual([]);
    }
  });

  test('half-close: eofReceived that returns true keeps our side open for an answer', async () => {
    const client = new Recorder();
    const server = new Recorder({ onEof: () => true });
    await using _ = await wiring.connect(client, server);
    client.transport.write(pattern(100));
    client.transport.writeEof();
    client.transport.writeEof();
    await server.until(() => server.events.includes('eofReceived'));
    expect(server.byteCount).toBe(100);
    server.transport.write(pattern(5000));
    await client.until(() => client.byteCount === 5000);
    server.transport.close();
    expect(await Promise.all([client.lost, server.lost])).toEqual([null, null]);
    expect(client.story).toEqual(['connectionMade', 'dataReceived', 'eofReceived', 'connectionLost']);
  });

  test('pauseReading holds back data and its end, and loses nothing', async () => {
    const client = new Recorder({
      onData: (_chunk, transport) => {
        transport.pauseReading();
      },
    });
    const server = new Recorder();
    await using _ = await wiring.connect(client, server);
    const sent = pattern(50);
    server.transport.write(sent);
    server.transport.close();
    await client.until(() => client.byteCount > 0);
    for (let turns = 0; client.byteCount < sent.length; turns++) {
      const before = client.events.length;
      await settle(3);
      expect(client.events.length).toBe(before); // nothing while paused
      client.transport.resumeReading();
      await client.until(() => client.events.length > before);
    }
    await settle();
    expect(client.events).not.toContain('eofReceived');
    client.onData = () => {};
    client.transport.resumeReading();
    expect(await client.lost).toBe(null);
    expect(Buffer.compare(client.bytes, sent)).toBe(0);
    expect(client.story).toEqual(['connectionMade', 'dataReceived', 'eofReceived', 'connectionLost']);
  });

  test('reading paused in connectionMade stays paused', async () => {
    const client = new Recorder({
      onMade: (transport) => {
        transport.pauseReading();
      },
    });
    const server = new Recorder();
    await using _ = await wiring.connect(client, server);
    server.transport.write(pattern(10));
    await settle(40);
    expect(client.byteCount).toBe(0);
    client.transport.resumeReading();
    await client.until(() => client.byteCount === 10);
  });

  test('pauseWriting and resumeWriting alternate around the watermarks', async () => {
    const [client, server] = [new Recorder(), new Recorder()];
    await using _ = await wiring.connect(client, server);
    server.transport.pauseReading();
    client.transport.setWriteWatermarks({ highWaterBytes: 1000, lowWaterBytes: 100 });
    client.transport.write(pattern(1000));
    expect(client.events).not.toContain('pauseWriting');
    const total = 8 << 20; // more than the system buffers for a peer that does not read
    client.transport.write(pattern(total));
    expect(client.events.at(-1)).toBe('pauseWriting');
    expect(client.transport.bufferedBytes).toBeGreaterThan(1000);
    await settle();
    server.transport.resumeReading();
    if (wiring.name.includes('7 bytes')) client.transport.abort();
    else await client.until(() => client.events.includes('resumeWriting'));
    client.transport.close();
    await client.lost;
    expect(client.events.filter((event) => event === 'pauseWriting')).toHaveLength(1);
    expect(client.events.filter((event) => event === 'resumeWriting').length).toBeLessThanOrEqual(1);
  });

  test.each([
    { highWaterBytes: 1, lowWaterBytes: 2 },
    { highWaterBytes: 1, lowWaterBytes: -1 },
    { highWaterBytes: NaN, lowWaterBytes: 0 },
  ])('refuses the watermarks %j', async (watermarks) => {
    const [client, server] = [new Recorder(), new Recorder()];
    await using _ = await wiring.connect(client, server);
    expect(() => {
      client.transport.setWriteWatermarks(watermarks);
    }).toThrow(RangeError);
  });

  test('gives each chunk back once, never inside write, also when the connection is lost', async () => {
    for (const end of ['close', 'abort', 'peer'] as const) {
      const [client, server] = [new Recorder(), new Recorder()];
      await using _ = await wiring.connect(client, server);
      const back = owner();
      const chunks = [pattern(10), pattern(0), pattern(2 << 20), pattern(10)];
      if (end !== 'close') server.transport.pauseReading();
      client.transport.write(chunks[0]!, back);
      client.transport.writeMany(chunks.slice(1), back);
      expect(back.recycled).toEqual([]);
      if (end === 'peer') server.transport.abort();
      else if (wiring.name.includes('7 bytes')) client.transport.abort();
      else client.transport[end]();
      expect(back.recycled).toEqual([]);
      await client.lost;
      await settle();
      expect(back.recycled.length, end).toBe(chunks.length);
      expect(new Set(back.recycled)).toEqual(new Set(chunks));
    }
  });

  test('a throwing callback loses its own connection, and is reported once', async () => {
    for (const callback of ['onData', 'onEof'] as const) {
      const boom = new Error(`thrown by ${callback}`);
      const [client, server] = [new Recorder(), new Recorder()];
      client[callback] = () => {
        throw boom;
      };
      await using _ = await wiring.connect(client, server);
      const reported: unknown[] = [];
      client.transport.loop.onUncaught((error) => reported.push(error));
      server.transport.write(pattern(10));
      server.transport.close();
      expect(await client.lost).toBe(boom);
      await server.lost;
      await settle();
      expect(reported).toEqual([boom]);
    }
  });

  test('a throwing connectionLost is reported, too', async () => {
    const boom = new Error('thrown at the end');
    const client = new Recorder({
      onLost: () => {
        throw boom;
      },
    });
    const server = new Recorder();
    await using _ = await wiring.connect(client, server);
    const reported: unknown[] = [];
    client.transport.loop.onUncaught((error) => reported.push(error));
    client.transport.abort();
    await client.lost;
    await settle();
    expect(reported).toEqual([boom]);
  });

  test.each([1, 3, 100_000])('fills the buffer of a buffered protocol, %d bytes large', async (bufferBytes) => {
    const inner = new Recorder();
    const client = new BufferedRecorder(inner, bufferBytes);
    const server = new Recorder();
    await using _ = await wiring.connect(client, server);
    const sent = pattern(500);
    server.transport.write(sent);
    await inner.until(() => inner.byteCount === sent.length);
    expect(Buffer.compare(inner.bytes, sent)).toBe(0);
    expect(inner.events.slice(0, 3)).toEqual(['connectionMade', 'getBuffer', 'dataReceived']);
  });

  test('a buffered protocol that pauses in the middle of a chunk gets the rest after it resumes', async () => {
    const inner = new Recorder({
      onData: (_chunk, transport) => {
        transport.pauseReading();
      },
    });
    const server = new Recorder();
    await using _ = await wiring.connect(new BufferedRecorder(inner, 4), server);
    const sent = pattern(30);
    server.transport.write(sent);
    server.transport.close();
    while (inner.byteCount < sent.length) {
      const before = inner.byteCount;
      await inner.until(() => inner.byteCount > before || inner.byteCount === sent.length);
      await settle(3);
      expect(inner.byteCount - before).toBeLessThanOrEqual(4);
      inner.transport.resumeReading();
    }
    await inner.lost;
    expect(Buffer.compare(inner.bytes, sent)).toBe(0);
  });

  test('the loss of a connection is a ConnectionLostError with its cause, for whoever still writes', async () => {
    const [client, server] = [new Recorder({ onEof: () => true }), new Recorder()];
    await using _ = await wiring.connect(client, server);
    server.transport.pauseReading();
    client.transport.write(pattern(8 << 20));
    await settle();
    server.transport.abort();
    const error = await client.lost;
    expect(error).toBeInstanceOf(ConnectionLostError);
    expect(error).toMatchObject({ code: 'ERR_LOOP_POLICY_CONNECTION_LOST', cause: expect.any(Error) as Error });
  });

  test('an end of data that comes while reading is paused waits, too', async () => {
    const [client, server] = [new Recorder(), new Recorder()];
    await using _ = await wiring.connect(client, server);
    server.transport.pauseReading();
    client.transport.writeEof();
    await settle(40);
    expect(server.events).toEqual(['connectionMade']);
    server.transport.resumeReading();
    expect(server.events).toEqual(['connectionMade']);
    expect(await server.lost).toBe(null);
    expect(server.events).toEqual(['connectionMade', 'eofReceived', 'connectionLost']);
  });

  test.each(['resumeReading', 'close', 'abort'] as const)(
    'both ends over while reading is paused: %s tells it',
    async (act) => {
      const [client, server] = [new Recorder({ onEof: () => true }), new Recorder()];
      await using _ = await wiring.connect(client, server);
      server.transport.pauseReading();
      server.transport.writeEof();
      client.transport.writeEof();
      await settle(60);
      expect(server.events).toEqual(['connectionMade']);
      server.transport[act]();
      expect(await server.lost).toBe(null);
      const told =
        act === 'resumeReading' ? (['eofReceived', 'connectionLost'] as const) : (['connectionLost'] as const);
      expect(server.events).toEqual(['connectionMade', ...told]);
    },
  );

  test('writeEof after the peer’s end closes, without an error on either side', async () => {
    const [client, server] = [new Recorder({ onEof: () => true }), new Recorder({ onEof: () => true })];
    await using _ = await wiring.connect(client, server);
    client.transport.writeEof();
    await server.until(() => server.events.includes('eofReceived'));
    server.transport.write(pattern(100));
    server.transport.writeEof();
    expect(await Promise.all([client.lost, server.lost])).toEqual([null, null]);
    expect(client.byteCount).toBe(100);
  });

  test.each([5, null, undefined, 'text', new ArrayBuffer(3)])('refuses to write %s, and goes on', async (bad) => {
    const [client, server] = [new Recorder(), new Recorder()];
    await using _ = await wiring.connect(client, server);
    const back = owner();
    const chunk = bad as unknown as Uint8Array;
    expect(() => {
      client.transport.write(chunk, back);
    }).toThrow(TypeError);
    expect(() => {
      client.transport.writeMany([pattern(3), chunk], back);
    }).toThrow(/expected a chunk to be a Uint8Array/);
    expect(client.transport.bufferedBytes).toBe(0);
    const good = pattern(4);
    client.transport.write(good, back);
    await server.until(() => server.byteCount === 4);
    client.transport.close();
    await client.lost;
    expect(back.recycled).toEqual([good]);
  });

  test('leaves the writer’s own memory alone, Buffers included', async () => {
    const [client, server] = [new Recorder(), new Recorder()];
    await using _ = await wiring.connect(client, server);
    const chunk = Buffer.from('as it was');
    client.transport.write(chunk);
    await server.until(() => server.byteCount === chunk.length);
    await settle();
    expect(chunk.toString()).toBe('as it was');
    expect(Buffer.from(server.bytes).toString()).toBe('as it was');
  });

  test('what is delivered is a plain Uint8Array, whose slice is a copy', async () => {
    const server = new Recorder();
    const client = new Recorder();
    const isPlain: boolean[] = [];
    for (const recorder of [client, server]) {
      recorder.onData = (chunk) => isPlain.push(Object.getPrototypeOf(chunk) === Uint8Array.prototype);
    }
    await using _ = await wiring.connect(client, server);
    client.transport.write(pattern(1));
    server.transport.write(pattern(1));
    await Promise.all([client, server].map((recorder) => recorder.until(() => recorder.byteCount === 1)));
    expect(isPlain).toEqual([true, true]);
  });

  test('closing the loop tells the end before it resolves', async () => {
    const [client, server] = [new Recorder({ onEof: () => true }), new Recorder({ onEof: () => true })];
    await using _ = await wiring.connect(client, server);
    await client.transport.loop.close();
    if (wiring.name.startsWith('memory')) client.transport.abort(); // made by nobody's connect
    await Promise.all([client.lost, server.lost]);
    for (const recorder of [client, server]) expect(recorder.events.at(-1)).toBe('connectionLost');
  });
});
