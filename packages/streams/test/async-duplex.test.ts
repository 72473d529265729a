import { ConnectionLostError, TransportClosedError } from '@millrace/loop-policy';
import { Recorder } from '@millrace/loop-policy/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fromDuplex, toDuplex, transportOfDuplex, type AsyncDuplex } from '../src/adapters.js';
import { decode, encode, failure, pattern, TestLoop, textOf } from './stream-pair.js';

let own: TestLoop;

beforeEach(() => {
  own = new TestLoop();
});

afterEach(() => own.close());

/** An iterable that gives what is pushed, and tells when it is left. */
class Pushed implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array, undefined> {
  readonly #results: Promise<IteratorResult<Uint8Array, undefined>>[] = [];
  readonly #asked: ((result: Promise<IteratorResult<Uint8Array, undefined>>) => void)[] = [];
  isLeft = false;
  askedCount = 0;

  push(value: unknown): void {
    this.#give(Promise.resolve({ done: false, value: value as Uint8Array }));
  }

  end(): void {
    this.#give(Promise.resolve({ done: true, value: undefined }));
  }

  fail(error: Error): void {
    const rejected = Promise.reject(error);
    rejected.catch(() => undefined);
    this.#give(rejected);
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.askedCount += 1;
    return this.#results.shift() ?? new Promise((resolve) => this.#asked.push(resolve));
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.isLeft = true;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #give(result: Promise<IteratorResult<Uint8Array, undefined>>): void {
    const asked = this.#asked.shift();
    if (asked === undefined) this.#results.push(result);
    else asked(result);
  }
}

/** A duplex that writes down what its sink gets. */
function recordingDuplex(sink?: AsyncDuplex['sink']) {
  const source = new Pushed();
  const sunk: (string | undefined)[] = [];
  const aborted: Error[] = [];
  const duplex: AsyncDuplex = {
    source,
    sink:
      sink ??
      (async (chunks) => {
        for await (const chunk of chunks) sunk.push(decode(chunk));
        sunk.push('end');
      }),
    abort: (error) => aborted.push(error),
  };
  return { duplex, source, sunk, aborted };
}

describe('fromDuplex', () => {
  test('reads the source and feeds the sink, to the end of both', async () => {
    const { duplex, source, sunk, aborted } = recordingDuplex();
    const connection = fromDuplex(duplex, { loop: own.loop });
    source.push(encode('hello\n'));
    expect(await connection.reader.readLine()).toBe('hello');
    connection.writer.write(encode('a'));
    await own.settle();
    connection.writer.write(encode('b'));
    connection.writer.write(encode('c'));
    source.end();
    expect(await connection.reader.read()).toBeUndefined();
    await connection.close();
    expect(sunk).toEqual(['a', 'bc', 'end']);
    expect(aborted).toEqual([]);
  });

  test('takes lists of bytes, and refuses what is no bytes', async () => {
    const { duplex, source } = recordingDuplex();
    const connection = fromDuplex(duplex, { loop: own.loop });
    source.push({ subarray: () => encode('joined') });
    expect(decode(await connection.reader.read())).toBe('joined');
    source.push({ subarray: () => 'text' });
    expect(await failure(connection.reader.read())).toMatchObject({ message: /saw object$/u });
    const other = recordingDuplex();
    const second = fromDuplex(other.duplex, { loop: own.loop });
    other.source.push(null);
    expect(await failure(second.reader.read())).toMatchObject({ message: /saw null$/u });
  });

  test('tells the failure of the source, lets go of it, aborts the duplex, and fails the sink', async () => {
    let sinkFailure: unknown;
    const { duplex, source, aborted } = recordingDuplex(async (chunks) => {
      sinkFailure = await failure(textOf(chunks));
    });
    const connection = fromDuplex(duplex, { loop: own.loop });
    const reason = new Error('broken');
    source.fail(reason);
    const error = await failure(connection.reader.read());
    expect(error).toBeInstanceOf(ConnectionLostError);
    expect(error).toMatchObject({ cause: reason });
    await own.settle();
    expect([sinkFailure, aborted, source.isLeft]).toEqual([error, [error], true]);
  });

  test('tells the failure of the sink, at once and at the end', async () => {
    const early = recordingDuplex(() => Promise.reject(new Error('no sink')));
    expect(await failure(fromDuplex(early.duplex, { loop: own.loop }).closed)).toMatchObject({
      message: 'the connection was lost: no sink',
    });
    const thrown = recordingDuplex(() => {
      throw new Error('not even a promise');
    });
    expect(await failure(fromDuplex(thrown.duplex, { loop: own.loop }).closed)).toBeInstanceOf(ConnectionLostError);
    const late = recordingDuplex(async (chunks) => {
      await textOf(chunks);
      throw new Error('not flushed');
    });
    expect(await failure(fromDuplex(late.duplex, { loop: own.loop }).close())).toMatchObject({
      message: 'the connection was lost: not flushed',
    });
  });

  test('tells that the sink stopped before the end', async () => {
    const left = recordingDuplex(async (chunks) => {
      for await (const chunk of chunks) if (chunk.length > 0) break;
    });
    const connection = fromDuplex(left.duplex, { loop: own.loop });
    connection.writer.write(encode('abc'));
    expect(await failure(connection.closed)).toMatchObject({ message: /stopped reading before the end/u });
    const idle = recordingDuplex(() => Promise.resolve());
    expect(await failure(fromDuplex(idle.duplex, { loop: own.loop }).closed)).toMatchObject({
      message: /returned before the end/u,
    });
  });

  test('hands the sink one chunk at a time, and counts the rest as unsent', async () => {
    let release: () => void = () => undefined;
    const taken: number[] = [];
    const { duplex } = recordingDuplex(async (chunks) => {
      for await (const chunk of chunks) {
        taken.push(chunk.length);
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      }
    });
    const connection = fromDuplex(duplex, { loop: own.loop });
    for (let i = 0; i < 4; i++) connection.writer.write(pattern(50_000));
    const drained = connection.writer.drain();
    expect(drained).toBeInstanceOf(Promise);
    await own.settle();
    expect(taken).toEqual([50_000]);
    expect(connection.writer.bufferedBytes).toBe(200_000);
    for (let i = 0; i < 4; i++) {
      release();
      await own.settle();
    }
    expect(taken).toEqual([50_000, 50_000, 50_000, 50_000]);
    await drained;
    connection.abort();
  });

  test('keeps a chunk for a sink that asks late, and the end for one that asks later', async () => {
    let ask: () => void = () => undefined;
    const asked: unknown[] = [];
    const { duplex } = recordingDuplex(async (chunks) => {
      const iterator = chunks[Symbol.asyncIterator]();
      for (let i = 0; i < 2; i++) {
        await new Promise<void>((resolve) => {
          ask = resolve;
        });
        const result = await iterator.next();
        asked.push(result.done === true ? undefined : decode(result.value));
      }
    });
    const connection = fromDuplex(duplex, { loop: own.loop });
    connection.writer.write(encode('abc'));
    connection.writer.writeEof();
    await own.settle();
    ask();
    await own.settle();
    ask();
    await own.settle();
    expect(asked).toEqual(['abc', undefined]);
    connection.abort();
  });

  test('asks the source for nothing while nobody reads', async () => {
    const { duplex, source } = recordingDuplex();
    const connection = fromDuplex(duplex, { loop: own.loop, limitBytes: 10 });
    for (let i = 0; i < 10; i++) source.push(pattern(8));
    await own.settle();
    expect(source.askedCount).toBeLessThanOrEqual(3);
    connection.abort(new Error('enough'));
  });

  test('abort works without return() and abort() of the duplex', async () => {
    const duplex: AsyncDuplex = {
      source: { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) },
      sink: () => new Promise(() => undefined),
    };
    const connection = fromDuplex(duplex, { loop: own.loop });
    connection.abort(new Error('enough'));
    expect(await failure(connection.closed)).toEqual(new Error('enough'));
  });

  test('lets a source go that fails to be left', async () => {
    const source = new Pushed();
    source.return = () => Promise.reject(new Error('stuck'));
    const connection = fromDuplex({ ...recordingDuplex().duplex, source }, { loop: own.loop });
    connection.abort();
    await connection.closed;
  });
});

describe('transportOfDuplex', () => {
  test('gives the duplex to a protocol', async () => {
    const { duplex, source, sunk } = recordingDuplex();
    const recorder = new Recorder();
    const { transport } = transportOfDuplex(duplex, () => recorder, { loop: own.loop });
    source.push(encode('abc'));
    await recorder.until(() => recorder.byteCount === 3);
    transport.writeMany([encode('d'), encode(''), encode('ef')]);
    source.end();
    expect(await recorder.lost).toBeNull();
    expect(sunk).toEqual(['def', 'end']);
  });
});

describe('toDuplex', () => {
  test('reads and writes the connection, and closes it when both have ended', async () => {
    const { client, server } = own.pair();
    const { source, sink } = toDuplex(client);
    const sunk = sink(
      (async function* () {
        await Promise.resolve();
        yield encode('ab');
        yield encode('cd');
      })(),
    );
    expect(await textOf(server.reader)).toBe('abcd');
    await sunk;
    server.writer.write(encode('back'));
    server.writer.writeEof();
    expect(await textOf(source)).toBe('back');
    await client.closed;
  });

  test('lets a generator use its memory again', async () => {
    const { client, server } = own.pair();
    const memory = new Uint8Array(1);
    void toDuplex(client).sink(
      (async function* () {
        for (const letter of 'abcdef') {
          memory.set(encode(letter));
          yield memory;
          await Promise.resolve();
        }
      })(),
    );
    expect(await textOf(server.reader)).toBe('abcdef');
    await server.close();
  });

  test('aborts the connection when the source of the sink fails, or gives no bytes', async () => {
    const { client, server } = own.pair();
    const reason = new Error('no more');
    const source = new Pushed();
    source.fail(reason);
    expect(await failure(toDuplex(client).sink(source))).toBe(reason);
    expect(await failure(client.closed)).toBe(reason);
    expect(await failure(server.reader.read())).toBeInstanceOf(ConnectionLostError);
    const other = own.pair();
    const texts = new Pushed();
    texts.push('text');
    await failure(toDuplex(other.client).sink(texts));
    expect(await failure(other.client.closed)).toBeInstanceOf(TypeError);
    expect(texts.isLeft).toBe(true);
    const third = own.pair();
    const strange = new Pushed();
    strange.fail('a text' as never);
    expect(await failure(toDuplex(third.client).sink(strange))).toBe('a text');
    expect(await failure(third.client.closed)).toMatchObject({ message: 'the source failed', cause: 'a text' });
  });

  test('fails the sink and leaves its source when the connection breaks or is closed, though nothing is written', async () => {
    const { client, server } = own.pair();
    const source = new Pushed();
    const sinking = failure(toDuplex(client).sink(source));
    await own.settle();
    server.abort();
    expect(await sinking).toBeInstanceOf(ConnectionLostError);
    expect(source.isLeft).toBe(true);
    const other = own.pair();
    const closing = failure(toDuplex(other.client).sink(new Pushed()));
    other.client.abort();
    expect(await closing).toBeInstanceOf(TransportClosedError);
    await own.settle();
    expect(await failure(toDuplex(other.client).sink(new Pushed()))).toBeInstanceOf(TransportClosedError);
  });

  test('fails the sink when the connection breaks, or is closed, while it waits for room', async () => {
    const { client, server } = own.pair();
    server.transport.pauseReading();
    const source = new Pushed();
    source.push(encode('abc'));
    const sinking = failure(toDuplex(client).sink(source));
    await own.settle();
    server.abort();
    expect(await sinking).toBeInstanceOf(ConnectionLostError);
    const other = own.pair();
    other.server.transport.pauseReading();
    const silent = new Pushed();
    silent.push(encode('abc'));
    const closing = failure(toDuplex(other.client).sink(silent));
    await own.settle();
    other.client.abort();
    expect(await closing).toBeInstanceOf(TransportClosedError);
  });

  test('leaving the source stops reading, and closes the connection once the sink is done', async () => {
    const { client, server } = own.pair();
    const { source, sink } = toDuplex(client);
    server.writer.write(encode('abc'));
    for await (const chunk of source) {
      expect(decode(chunk)).toBe('abc');
      break;
    }
    const ended = new Pushed();
    ended.end();
    await sink(ended);
    expect(await server.reader.read()).toBeUndefined();
    await server.close();
    await client.closed;
  });

  test('abort aborts the connection', async () => {
    const { client } = own.pair();
    const reason = new Error('enough');
    toDuplex(client).abort(reason);
    expect(await failure(client.closed)).toBe(reason);
  });

  test('carries a connection over a duplex over a connection', async () => {
    const { client, server } = own.pair({ chunking: 3 });
    const again = fromDuplex(toDuplex(client), { loop: own.loop });
    again.writer.write(encode('there\n'));
    expect(await server.reader.readLine()).toBe('there');
    server.writer.write(encode('and back\n'));
    expect(await again.reader.readLine()).toBe('and back');
    await Promise.all([again.close(), server.close()]);
  });
});
