import {
  ConnectionLostError,
  TlsError,
  TransportClosedError,
  type ChunkOwner,
  type Protocol,
} from '@millrace/loop-policy';
import { TestClock } from '@millrace/testkit';
import { TimeoutError } from '@millrace/timeouts';
import { describe, expect, test } from 'vitest';
import { StreamProtocol, type StreamConnection } from '../src/index.js';
import { decode, encode, outcome } from './fake-source.js';
import { Successor } from './successor.js';
import { makePair, pattern, settle } from './memory-pair.js';

async function readAll(connection: StreamConnection): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of connection.reader) parts.push(chunk);
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** `toEqual` takes seconds for large arrays. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

describe('StreamConnection', () => {
  test('carries bytes both ways', async () => {
    await using pair = makePair();
    pair.client.writer.write(encode('ping\n'));
    expect(await pair.server.reader.readLine()).toBe('ping');
    pair.server.writer.writeMany([encode('po'), encode('ng\n')]);
    expect(await pair.client.reader.readLine()).toBe('pong');
  });

  test('stays open for writing when the peer has ended its data', async () => {
    await using pair = makePair();
    pair.client.writer.write(encode('question'));
    pair.client.writer.writeEof();
    expect(decode(await readAll(pair.server))).toBe('question');
    pair.server.writer.write(encode('answer'));
    await pair.server.close();
    expect(decode(await readAll(pair.client))).toBe('answer');
    await pair.client.close();
  });

  test('moves much through small limits, and never holds much of it', async () => {
    await using pair = makePair({ limitBytes: 4096, watermarks: { highWaterBytes: 8192, lowWaterBytes: 1024 } }, 1000);
    const sent = pattern(100_000);
    let mostBytes = 0;
    let waits = 0;
    const sending = (async () => {
      for (let at = 0; at < sent.length; at += 2500) {
        pair.client.writer.write(sent.subarray(at, at + 2500));
        mostBytes = Math.max(mostBytes, pair.client.writer.bufferedBytes);
        const draining = pair.client.writer.drain();
        if (draining !== undefined) waits++;
        await draining;
      }
      await pair.client.close();
    })();
    await settle(pair.loop);
    expect(pair.server.reader.bufferedBytes).toBeLessThanOrEqual(5096);
    expect(isSame(await readAll(pair.server), sent)).toBe(true);
    await sending;
    expect(waits).toBeGreaterThan(5);
    expect(mostBytes).toBeLessThanOrEqual(10_692);
  });

  test('passes on what broke it, after what had arrived, to reads and writes alike', async () => {
    await using pair = makePair();
    pair.client.writer.write(encode('last words'));
    await settle(pair.loop);
    pair.client.abort();
    await settle(pair.loop);
    expect(decode(await pair.server.reader.read())).toBe('last words');
    const error = await pair.server.reader.read().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectionLostError);
    expect(() => {
      pair.server.writer.write(encode('x'));
    }).toThrow(error);
    expect(() => {
      pair.server.writer.writeMany([encode('x')]);
    }).toThrow(error);
    await expect(pair.server.writer.drain()).rejects.toBe(error);
    await expect(pair.server.close()).rejects.toBe(error);
    await expect(pair.server.closed).rejects.toBe(error);
    expect(pair.server.writer.isClosing).toBe(true);
  });

  test('gives the error of an abort to everything that waits', async () => {
    await using pair = makePair({ watermarks: { highWaterBytes: 0, lowWaterBytes: 0 } });
    const error = new Error('fed up');
    pair.server.transport.pauseReading();
    pair.client.writer.write(encode('x'));
    const waits = [pair.client.reader.read(), pair.client.writer.drain(), pair.client.closed];
    pair.client.abort(error);
    for (const wait of waits) await expect(wait).rejects.toBe(error);
  });

  test('does not take our own end for the end of the data', async () => {
    for (const end of ['close', 'abort'] as const) {
      await using pair = makePair();
      const reading = pair.client.reader.read();
      void pair.client[end]();
      await expect(reading).rejects.toThrow(TransportClosedError);
      await expect(pair.client.reader.readLine()).rejects.toThrow('closed on our side');
      await expect(pair.client.closed).resolves.toBeUndefined();
      expect(() => {
        pair.client.writer.write(encode('x'));
      }).toThrow(TransportClosedError);
    }
  });

  test('lets what had arrived be read after close', async () => {
    await using pair = makePair();
    pair.client.writer.write(encode('ab'));
    await settle(pair.loop);
    await pair.server.close();
    expect(decode(await pair.server.reader.read())).toBe('ab');
    await expect(pair.server.reader.read()).rejects.toThrow(TransportClosedError);
  });

  test('nobody needs to look at closed, close() and drain()', async () => {
    await using pair = makePair({ watermarks: { highWaterBytes: 0, lowWaterBytes: 0 } });
    void pair.client.closed;
    pair.server.transport.pauseReading();
    pair.client.writer.write(encode('x'));
    void pair.client.writer.drain();
    void pair.client.close();
    pair.server.abort();
    await settle(pair.loop);
    await expect(pair.client.closed).rejects.toThrow(ConnectionLostError);
    const later = pair.client.closed;
    await settle(pair.loop);
    await expect(later).rejects.toThrow(ConnectionLostError);
  });
});

describe('StreamWriter.write', () => {
  /** What the transport of `connection` is given from now on. */
  function watch(connection: StreamConnection): string[] {
    const { transport } = connection;
    const calls: string[] = [];
    // What a memory transport's write comes to.
    const writeMany = transport.writeMany.bind(transport);
    transport.write = (chunk, owner) => {
      calls.push(decode(chunk) ?? '');
      writeMany([chunk], owner);
    };
    transport.writeMany = (chunks, owner) => {
      calls.push(chunks.map(decode).join('+'));
      writeMany(chunks, owner);
    };
    return calls;
  }

  test('gathers what is written without an await in between', async () => {
    await using pair = makePair();
    const { writer } = pair.client;
    const calls = watch(pair.client);
    for (const text of ['a', 'b', 'c']) writer.write(encode(text));
    expect(calls).toEqual([]);
    expect(writer.bufferedBytes).toBe(3);
    await Promise.resolve();
    writer.write(encode('d'));
    await Promise.resolve();
    expect(calls).toEqual(['a+b+c', 'd']);
    expect(decode(await pair.server.reader.readExactly(4))).toBe('abcd');
  });

  test('comes before whatever else is done with the writer and its transport', async () => {
    await using pair = makePair();
    const { writer } = pair.client;
    const calls = watch(pair.client);
    writer.write(encode('a'));
    expect(writer.drain()).toBeUndefined();
    writer.write(encode('b'));
    writer.writeMany([encode('c'), encode('d')]);
    writer.write(encode('e'));
    pair.client.transport.write(encode('f'));
    writer.write(encode('g'));
    writer.flush();
    writer.write(encode('h'));
    writer.writeEof();
    expect(calls).toEqual(['a', 'b', 'c+d', 'e', 'f', 'g', 'h']);
    expect(() => {
      writer.write(encode('i'));
    }).toThrow(TransportClosedError);
    expect(decode(await readAll(pair.server))).toBe('abcdefgh');
  });

  test('gives each chunk back to its owner, once, also where the transport was closed meanwhile', async () => {
    await using pair = makePair();
    const { writer, transport } = pair.client;
    const returned: string[] = [];
    const owner = (name: string): ChunkOwner => ({
      recycle: (chunk) => returned.push(`${name} ${decode(chunk) ?? ''}`),
    });
    const [first, second] = [owner('first'), owner('second')];
    writer.write(encode('a'), first);
    writer.write(encode('b'), first);
    writer.write(encode('c'), second);
    await settle(pair.loop);
    expect(returned).toEqual(['first a', 'first b', 'second c']);
    writer.write(encode('d'), first);
    writer.write(encode('e'), first);
    transport.close();
    expect(returned).toHaveLength(3);
    await settle(pair.loop);
    expect(returned.slice(3)).toEqual(['first d', 'first e']);
    expect(decode(await pair.server.reader.read())).toBe('abc');
  });

  test('an owner that throws is reported, and takes nothing from others', async () => {
    await using pair = makePair();
    const uncaught: unknown[] = [];
    pair.loop.onUncaught((error) => uncaught.push(error));
    const { writer, transport } = pair.client;
    const bug = new Error('no room for it');
    const returned: string[] = [];
    const owner: ChunkOwner = {
      recycle: (chunk) => {
        returned.push(decode(chunk) ?? '');
        if (returned.length === 1) throw bug;
      },
    };
    writer.write(encode('a'), owner);
    writer.write(encode('b'), owner);
    pair.server.writer.write(encode('c'));
    transport.abort();
    await settle(pair.loop);
    expect(returned).toEqual(['a', 'b']);
    expect(uncaught).toEqual([bug]);
  });

  test('refuses what are no bytes, at once', async () => {
    await using pair = makePair();
    expect(() => {
      pair.client.writer.write('text' as unknown as Uint8Array);
    }).toThrow(TypeError);
  });

  test('aborts the connection if its transport fails in another way', async () => {
    await using pair = makePair();
    const bug = new Error('a bug');
    pair.client.transport.write = () => {
      throw bug;
    };
    pair.client.writer.write(encode('a'));
    await expect(pair.client.closed).rejects.toBe(bug);
  });
});

describe('StreamWriter.drain', () => {
  test('is no promise where there is room, and one promise for each that waits where not', async () => {
    await using pair = makePair({ watermarks: { highWaterBytes: 10, lowWaterBytes: 0 } });
    const { writer } = pair.client;
    expect(writer.drain()).toBeUndefined();
    pair.server.transport.pauseReading();
    writer.write(pattern(11));
    const first = writer.drain();
    const second = writer.drain();
    if (first === undefined || second === undefined) throw new Error('expected promises');
    expect(await outcome(first)).toBe('pending');
    pair.server.transport.resumeReading();
    await Promise.all([first, second]);
    expect(writer.drain()).toBeUndefined();
  });

  test('can be called off, and called again', async () => {
    const timers = new TestClock();
    await using pair = makePair({ timers, watermarks: { highWaterBytes: 0, lowWaterBytes: 0 } });
    const { writer } = pair.client;
    pair.server.transport.pauseReading();
    writer.write(pattern(10));
    const timed = writer.drain({ timeoutMs: 5 });
    const reason = new Error('enough');
    await expect(writer.drain({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const signalled = writer.drain({ signal: controller.signal });
    controller.abort(reason);
    await expect(signalled).rejects.toBe(reason);
    timers.advance(5);
    await expect(timed).rejects.toThrow(TimeoutError);
    pair.server.transport.resumeReading();
    await writer.drain({ timeoutMs: 5 });
    expect(await pair.server.reader.read()).toEqual(pattern(10));
    expect(timers.pending).toBe(0);
  });

  test('rejects when the connection is closed, before and after', async () => {
    await using pair = makePair({ watermarks: { highWaterBytes: 0, lowWaterBytes: 0 } });
    const { writer } = pair.client;
    pair.server.transport.pauseReading();
    writer.write(pattern(10));
    const draining = writer.drain();
    writer.abort();
    await expect(draining).rejects.toThrow(TransportClosedError);
    await expect(writer.drain()).rejects.toThrow(TransportClosedError);
  });
});

describe('StreamWriter.close', () => {
  test('waits until everything is sent', async () => {
    await using pair = makePair();
    pair.server.transport.pauseReading();
    pair.client.writer.write(pattern(100_000));
    const closing = pair.client.writer.close();
    await settle(pair.loop);
    expect(await outcome(closing)).toBe('pending');
    pair.server.transport.resumeReading();
    expect((await readAll(pair.server)).length).toBe(100_000);
    await closing;
    await pair.client.writer.close();
  });

  test('rejects if the connection breaks meanwhile', async () => {
    await using pair = makePair();
    pair.server.transport.pauseReading();
    pair.client.writer.write(pattern(10));
    const closing = pair.client.close();
    pair.server.abort();
    await expect(closing).rejects.toThrow(ConnectionLostError);
  });

  test('gives up waiting at its limit, and the connection goes on closing', async () => {
    const timers = new TestClock();
    await using pair = makePair({ timers });
    pair.server.transport.pauseReading();
    pair.client.writer.write(encode('owed'));
    const closing = pair.client.close({ timeoutMs: 100 });
    timers.advance(100);
    await expect(closing).rejects.toThrow(TimeoutError);
    pair.server.transport.resumeReading();
    expect(decode(await readAll(pair.server))).toBe('owed');
    await pair.client.closed;
  });
});

describe('StreamConnection, disposed of', () => {
  test('is closed, what was written arrives', async () => {
    await using pair = makePair();
    {
      await using connection = pair.client;
      connection.writer.write(encode('bye'));
      void readAll(pair.server);
    }
    await expect(pair.client.closed).resolves.toBeUndefined();
  });

  test('says that it broke only if nothing else has said so', async () => {
    await using told = makePair();
    told.server.abort();
    await expect(told.client.reader.read()).rejects.toThrow(ConnectionLostError);
    await told.client[Symbol.asyncDispose]();

    await using untold = makePair();
    untold.client.writer.write(encode('lost'));
    untold.server.abort();
    await settle(untold.loop);
    await expect(untold.client[Symbol.asyncDispose]()).rejects.toThrow(ConnectionLostError);

    await using closing = makePair();
    closing.server.transport.pauseReading();
    closing.client.writer.write(encode('lost'));
    const wait = closing.client.close();
    closing.server.abort();
    await expect(wait).rejects.toThrow(ConnectionLostError);
    await closing.client[Symbol.asyncDispose]();
  });
});

describe('StreamConnection.handOver', () => {
  test('gives the transport to another protocol, with what had arrived', async () => {
    await using pair = makePair({ limitBytes: 4 });
    pair.client.writer.write(encode('line\nrest'));
    expect(await pair.server.reader.readLine({ maxBytes: 10 })).toBe('line');
    const successor = new Successor();
    expect(pair.server.handOver(successor)).toEqual({ bytes: encode('rest'), hasEnded: false });
    await pair.server.closed;
    pair.client.writer.write(encode('more'));
    await settle(pair.loop);
    expect(successor.events).toEqual(['data more']);
    await expect(pair.server.reader.read()).rejects.toThrow(/handed over/);
    await expect(pair.server.writer.drain()).rejects.toThrow(TransportClosedError);
    await pair.server.close();
    await settle(pair.loop);
    expect(successor.events).toEqual(['data more', 'lost']);
  });

  test('says that the data has ended before', async () => {
    await using pair = makePair();
    pair.client.writer.write(encode('all'));
    pair.client.writer.writeEof();
    await settle(pair.loop);
    expect(pair.server.handOver(new Successor())).toEqual({ bytes: encode('all'), hasEnded: true });
  });

  test('lets the other protocol close the connection where it can', async () => {
    await using pair = makePair();
    const calls: unknown[] = [];
    const successor = Object.assign(new Successor(), {
      close: (op: unknown) => {
        calls.push(op);
        return Promise.resolve();
      },
    });
    pair.server.handOver(successor);
    const op = { timeoutMs: 1000 };
    await pair.server.close(op);
    expect(calls).toEqual([op]);
    expect(pair.server.writer.isClosing).toBe(false);
  });

  test('is refused while a read waits, to what is no protocol, and after the end', async () => {
    await using pair = makePair();
    const reading = pair.server.reader.read();
    expect(() => pair.server.handOver(new Successor())).toThrow(TypeError);
    pair.client.writer.write(encode('a'));
    expect(decode(await reading)).toBe('a');
    expect(() => pair.server.handOver({} as Protocol)).toThrow(TypeError);
    pair.client.writer.write(encode('b'));
    expect(decode(await pair.server.reader.read())).toBe('b');
    const closing = pair.server.close();
    expect(() => pair.server.handOver(new Successor())).toThrow(TransportClosedError);
    await closing;
  });
});

describe('StreamConnection.startTls', () => {
  test('refuses bytes that came in the clear, and aborts', async () => {
    await using pair = makePair();
    pair.server.writer.write(encode('S and something injected'));
    expect(decode(await pair.client.reader.readExactly(1))).toBe('S');
    const error = await pair.client.startTls().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TlsError);
    expect((error as Error).message).toContain('saw 23 that were not read');
    await expect(pair.client.closed).rejects.toBe(error);
  });

  test('is refused while a read waits', async () => {
    await using pair = makePair();
    const reading = pair.client.reader.read();
    await expect(pair.client.startTls()).rejects.toThrow(TypeError);
    pair.server.writer.write(encode('a'));
    expect(decode(await reading)).toBe('a');
  });
});

describe('StreamProtocol', () => {
  test('has no connection before connectionMade', () => {
    const protocol = new StreamProtocol();
    expect(() => protocol.connection).toThrow(TypeError);
    expect(() => protocol.reader).toThrow(/expected a protocol that got its transport/);
    expect(() => protocol.writer).toThrow(TypeError);
    expect(() => protocol.closed).toThrow(TypeError);
    // What a transport may call all the same, where it is lost before it began.
    protocol.connectionLost(null);
  });

  test('has the reader, the writer and the end of its connection', async () => {
    await using pair = makePair();
    const protocol = new StreamProtocol();
    protocol.connectionMade(pair.client.transport);
    const { connection } = protocol;
    expect(protocol.reader).toBe(connection.reader);
    expect(protocol.writer).toBe(connection.writer);
    expect(connection.writer.transport).toBe(pair.client.transport);
    protocol.connectionLost(null);
    protocol.connectionLost(new Error('not twice'));
    await protocol.closed;
  });

  test('rejects a limit that is none, which loses the connection', () => {
    const protocol = new StreamProtocol({ limitBytes: 0 });
    expect(() => {
      protocol.connectionMade({} as never);
    }).toThrow();
  });
});
