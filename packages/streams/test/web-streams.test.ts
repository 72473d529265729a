import { ConnectionLostError, TransportClosedError } from '@millrace/loop-policy';
import { Recorder } from '@millrace/loop-policy/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fromWebStreams, toWebStreams, transportOfWebStreams } from '../src/adapters.js';
import { decode, encode, failure, pattern, TestLoop, textOf } from './stream-pair.js';

let own: TestLoop;

beforeEach(() => {
  own = new TestLoop();
});

afterEach(() => own.close());

/** A pair of streams whose other ends are in the test's hands. */
function heldStreams() {
  let source!: ReadableStreamDefaultController<Uint8Array>;
  let sink!: WritableStreamDefaultController;
  const written: Uint8Array[] = [];
  const events: string[] = [];
  let pulls = 0;
  const readable = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        source = controller;
      },
      pull: () => {
        pulls += 1;
      },
      cancel: (reason: unknown) => {
        events.push(`cancel ${String(reason)}`);
      },
    },
    { highWaterMark: 0 },
  );
  const writable = new WritableStream<Uint8Array>({
    start: (controller) => {
      sink = controller;
    },
    write: (chunk) => {
      written.push(chunk);
    },
    close: () => {
      events.push('close');
    },
    abort: (reason: unknown) => {
      events.push(`abort ${String(reason)}`);
    },
  });
  return { streams: { readable, writable }, source, sink, written, events, pulls: () => pulls };
}

describe('fromWebStreams', () => {
  test('reads and writes, and ends both', async () => {
    const { streams, source, written, events } = heldStreams();
    const connection = fromWebStreams(streams, { loop: own.loop });
    source.enqueue(encode('hello\n'));
    expect(await connection.reader.readLine()).toBe('hello');
    connection.writer.write(encode('good'));
    connection.writer.write(encode('bye'));
    source.close();
    expect(await connection.reader.read()).toBeUndefined();
    await connection.close();
    expect(written.map(decode)).toEqual(['goodbye']);
    expect(events).toEqual(['close']);
    await own.settle();
    expect([streams.readable.locked, streams.writable.locked]).toEqual([false, false]);
  });

  test('takes other views and buffers, skips empty chunks, and refuses text', async () => {
    const { streams, source, events } = heldStreams();
    const connection = fromWebStreams(streams, { loop: own.loop });
    const { buffer } = encode('xabcx');
    source.enqueue(new Uint8Array(0));
    source.enqueue(new DataView(buffer, 1, 3) as never);
    expect(decode(await connection.reader.readExactly(3))).toBe('abc');
    source.enqueue(buffer as never);
    expect(decode(await connection.reader.readExactly(5))).toBe('xabcx');
    source.enqueue('text' as never);
    const error = await failure(connection.reader.read());
    expect(error).toMatchObject({ message: 'the connection was lost: expected chunks of bytes, saw string' });
    await own.settle();
    expect(events).toEqual([`cancel ${String(error)}`, `abort ${String(error)}`]);
  });

  test('tells the failure of either stream as the loss of the connection', async () => {
    const first = heldStreams();
    const reading = fromWebStreams(first.streams, { loop: own.loop });
    first.source.error(new Error('broken'));
    expect(await failure(reading.reader.read())).toBeInstanceOf(ConnectionLostError);
    expect(await failure(reading.closed)).toMatchObject({ cause: new Error('broken') });
    const second = heldStreams();
    const idle = fromWebStreams(second.streams, { loop: own.loop });
    second.sink.error('just a text');
    expect(await failure(idle.closed)).toMatchObject({ message: 'the connection was lost: just a text' });
  });

  test('refuses streams that somebody else reads or writes, and leaves them alone', () => {
    const { streams } = heldStreams();
    streams.writable.getWriter();
    expect(() => fromWebStreams(streams)).toThrow('expected streams that nobody else reads or writes');
    expect(streams.readable.locked).toBe(false);
    const others = heldStreams().streams;
    expect(() => transportOfWebStreams(others, () => ({}) as never)).toThrow(TypeError);
    const watermarks = { highWaterBytes: 1, lowWaterBytes: 2 };
    expect(() => fromWebStreams(others, { watermarks })).toThrow(RangeError);
    expect([others.readable.locked, others.writable.locked]).toEqual([false, false]);
  });

  test('does not pull when nobody reads', async () => {
    const { streams, source, pulls } = heldStreams();
    const connection = fromWebStreams(streams, { loop: own.loop, limitBytes: 100 });
    for (let i = 0; i < 20; i++) {
      source.enqueue(pattern(60));
      await own.settle();
    }
    expect(pulls()).toBeLessThanOrEqual(3);
    for (let i = 0; i < 20; i++) expect(await connection.reader.readExactly(60)).toEqual(pattern(60));
    connection.abort();
  });

  test('abort cancels and aborts, with the error or with one that says so', async () => {
    const first = heldStreams();
    fromWebStreams(first.streams, { loop: own.loop }).abort(new Error('enough'));
    const second = heldStreams();
    fromWebStreams(second.streams, { loop: own.loop }).abort();
    await own.settle();
    expect(first.events).toEqual(['cancel Error: enough', 'abort Error: enough']);
    expect(second.events).toEqual(['cancel undefined', 'abort Error: the connection was aborted']);
  });

  test('carries a connection over transform streams', async () => {
    const there = new TransformStream<Uint8Array, Uint8Array>();
    const back = new TransformStream<Uint8Array, Uint8Array>();
    const client = fromWebStreams({ readable: back.readable, writable: there.writable }, { loop: own.loop });
    const server = fromWebStreams({ readable: there.readable, writable: back.writable }, { loop: own.loop });
    const bytes = pattern(200_000);
    client.writer.write(bytes);
    client.writer.writeEof();
    for await (const chunk of server.reader) {
      server.writer.write(chunk);
      await server.writer.drain();
    }
    server.writer.writeEof();
    expect(await client.reader.readExactly(bytes.length)).toEqual(bytes);
    expect(await client.reader.read()).toBeUndefined();
    await Promise.all([client.closed, server.closed]);
  });
});

describe('transportOfWebStreams', () => {
  test('gives the streams to a protocol', async () => {
    const { streams, source, written } = heldStreams();
    const recorder = new Recorder();
    const { transport, protocol } = transportOfWebStreams(streams, () => recorder, { loop: own.loop });
    expect([protocol, recorder.transport]).toEqual([recorder, transport]);
    source.enqueue(encode('abc'));
    await recorder.until(() => recorder.byteCount === 3);
    transport.write(encode('def'));
    await own.settle();
    expect(written.map(decode)).toEqual(['def']);
    transport.unref();
    transport.ref();
    transport.abort();
  });
});

describe('toWebStreams', () => {
  test('reads and writes the connection, and closes it when both have ended', async () => {
    const { client, server } = own.pair();
    const { readable, writable } = toWebStreams(client);
    const writer = writable.getWriter();
    await writer.write(encode('hello\n'));
    expect(await server.reader.readLine()).toBe('hello');
    server.writer.write(encode('abc'));
    server.writer.writeEof();
    expect(await textOf(readable)).toBe('abc');
    await writer.write(encode('def'));
    await writer.close();
    expect(await textOf(server.reader)).toBe('def');
    await client.closed;
  });

  test('fills the memory of a BYOB reader, and ends it', async () => {
    const { client, server } = own.pair();
    const reader = toWebStreams(client).readable.getReader({ mode: 'byob' });
    server.writer.write(encode('abcdef'));
    const first = await reader.read(new Uint8Array(4));
    expect([decode(first.value), first.value?.buffer.byteLength]).toEqual(['abcd', 4]);
    expect(decode((await reader.read(new Uint8Array(4))).value)).toBe('ef');
    server.writer.writeEof();
    expect(await reader.read(new Uint8Array(4))).toMatchObject({ done: true });
    await server.close();
  });

  test('resolves a write when the transport needs the bytes no more', async () => {
    const { client, server } = own.pair();
    server.transport.pauseReading();
    const writer = toWebStreams(client).writable.getWriter();
    let isDone = false;
    const chunk = encode('abc');
    const writing = writer.write(chunk).then(() => {
      isDone = true;
      chunk.fill(0);
    });
    await own.settle();
    expect(isDone).toBe(false);
    server.transport.resumeReading();
    await writing;
    expect(decode(await server.reader.read())).toBe('abc');
    await expect(writer.write('text' as never)).rejects.toThrow('expected chunks of bytes, saw string');
  });

  test('breaks both streams with what broke the connection', async () => {
    const { client, server } = own.pair();
    const { readable, writable } = toWebStreams(client);
    server.abort();
    await own.settle();
    expect(await failure(readable.getReader().read())).toBeInstanceOf(ConnectionLostError);
    expect(await failure(writable.getWriter().write(encode('abc')))).toBeInstanceOf(ConnectionLostError);
  });

  test('fails writes when the connection is closed on our side', async () => {
    const { client } = own.pair();
    const { readable, writable } = toWebStreams(client);
    client.abort();
    await own.settle();
    expect(await failure(writable.getWriter().write(encode('abc')))).toBeInstanceOf(TransportClosedError);
    expect(await failure(readable.getReader().read())).toBeInstanceOf(TransportClosedError);
  });

  test('aborting the writable side aborts the connection at once, also while a write waits', async () => {
    const { client, server } = own.pair();
    server.transport.pauseReading();
    const writer = toWebStreams(client).writable.getWriter();
    const writing = failure(writer.write(encode('abc')));
    await own.settle();
    const reason = new Error('enough');
    await writer.abort(reason).catch(() => undefined);
    expect(await writing).toBe(reason);
    expect(await failure(client.closed)).toBe(reason);
    const other = own.pair();
    await toWebStreams(other.client).writable.abort('a text');
    expect(await failure(other.client.closed)).toMatchObject({ message: 'the stream was aborted', cause: 'a text' });
  });

  test('cancelling the readable side stops reading, and closes the connection once writing has ended', async () => {
    const { client, server } = own.pair();
    const { readable, writable } = toWebStreams(client);
    await readable.cancel();
    const writer = writable.getWriter();
    await writer.write(encode('still'));
    expect(decode(await server.reader.read())).toBe('still');
    await writer.close();
    expect(await server.reader.read()).toBeUndefined();
    await server.close();
    await client.closed;
  });

  test('carries a connection over web streams over a connection', async () => {
    const { client, server } = own.pair({ chunking: 7 });
    const again = fromWebStreams(toWebStreams(client), { loop: own.loop });
    again.writer.write(encode('there\n'));
    expect(await server.reader.readLine()).toBe('there');
    server.writer.write(encode('and back\n'));
    expect(await again.reader.readLine()).toBe('and back');
    await Promise.all([again.close(), server.close()]);
  });
});
