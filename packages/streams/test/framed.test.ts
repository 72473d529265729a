import { array, DecodeError, mapped, struct, u16, u32, u8, utf8, type Codec } from '@millrace/codecs';
import { ConnectionLostError, nodePolicy, TransportClosedError, type Loop } from '@millrace/loop-policy';
import { memoryTransportPair, Recorder, type Chunking } from '@millrace/loop-policy/testing';
import { TestClock } from '@millrace/testkit';
import { TimeoutError } from '@millrace/timeouts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { framed, FramedError, StreamProtocol, type Framed } from '../src/index.js';

const line = struct({ id: u32, text: utf8(u16) });
interface Line {
  readonly id: number;
  readonly text: string;
}

let loop: Loop;
let uncaught: unknown[];

beforeEach(() => {
  loop = nodePolicy.newLoop();
  uncaught = [];
  loop.onUncaught((error) => uncaught.push(error));
});

afterEach(async () => {
  await loop.close();
  expect(uncaught).toEqual([]);
});

/** Two ends with recorders, as they are before somebody frames them. */
function pair(chunking: Chunking = 'whole') {
  const ends = memoryTransportPair({ loop, chunking });
  const server = ends.server.attach(new Recorder({ onEof: () => true, isWhole: false }));
  const client = ends.client.attach(new Recorder({ onEof: () => true, isWhole: false }));
  return { client: client.transport, server: server.transport, serverRecorder: server, clientRecorder: client };
}

function framedPair(chunking: Chunking = 'whole') {
  const ends = pair(chunking);
  return { ...ends, client: framed(ends.client, line), server: framed(ends.server, line) };
}

async function all<T>(connection: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of connection) values.push(value);
  return values;
}

/** Lets everything that is on its way in memory arrive. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++)
    await new Promise<void>((resolve) => {
      loop.callSoon(resolve);
    });
}

async function failure(promise: Promise<unknown> | undefined): Promise<unknown> {
  return (promise ?? Promise.resolve('room')).then(
    (value) => ({ value }),
    (error: unknown) => error,
  );
}

const lines = (count: number): Line[] => Array.from({ length: count }, (_, id) => ({ id, text: `line ${id}` }));

describe('framed: sending and receiving', () => {
  test.each(['whole', 1, 3, 7] as const)('carries values in order, cut into pieces: %s', async (chunking) => {
    const { client, server } = framedPair(chunking);
    for (const each of lines(20)) expect(client.send(each)).toBeUndefined();
    client.endSending();
    expect(await all(server)).toEqual(lines(20));
  });

  test('sends all values of one turn as one write', async () => {
    const { client, serverRecorder } = pair();
    const connection = framed(client, line);
    void connection.send({ id: 1, text: 'a' });
    void connection.send({ id: 2, text: 'b' });
    await Promise.resolve();
    void connection.send({ id: 3, text: 'c' });
    await serverRecorder.until(() => serverRecorder.byteCount > 0);
    expect(serverRecorder.chunks.map(({ length }) => length)).toEqual([21]);
  });

  test('writes the values of a full buffer before the turn ends, and then asks to wait', async () => {
    const { client, server } = framedPair();
    const big = { id: 1, text: 'x'.repeat(40_000) };
    expect(client.send(big)).toBeUndefined();
    expect(client.transport.bufferedBytes).toBe(0);
    const drained = client.send(big);
    expect(client.transport.bufferedBytes).toBeGreaterThan(80_000);
    await drained;
    expect(client.transport.bufferedBytes).toBeLessThanOrEqual(16 * 1024);
    expect(await server.receive()).toEqual(big);
    expect(await server.receive()).toEqual(big);
  });

  test('sets the watermarks that it is given', async () => {
    const { client } = pair();
    const connection = framed(client, line, { watermarks: { highWaterBytes: 10, lowWaterBytes: 0 } });
    expect(connection.send({ id: 1, text: 'more than ten' })).toBeUndefined();
    await new Promise<void>((resolve) => {
      loop.callSoon(resolve);
    });
    const drained = connection.send({ id: 1, text: 'b' });
    expect(drained).toBeInstanceOf(Promise);
    await drained;
  });

  test('has one codec for each direction where it is given two', async () => {
    const ends = pair();
    const client = framed(ends.client, { decode: u8, encode: line });
    const server = framed(ends.server, { decode: line, encode: u8 });
    void client.send({ id: 7, text: 'seven' });
    expect(await server.receive()).toEqual({ id: 7, text: 'seven' });
    void server.send(8);
    expect(await client.receive()).toBe(8);
  });

  test('sends nothing of a value that the codec refuses, and goes on', async () => {
    const { client, server } = framedPair();
    expect(() => client.send({ id: -1, text: 'no' })).toThrow(RangeError);
    void client.send({ id: 1, text: 'yes' });
    expect(await server.receive()).toEqual({ id: 1, text: 'yes' });
  });

  test('may be changed afterwards, what was sent', async () => {
    const { client, server } = framedPair();
    const value = { id: 1, text: 'before' };
    void client.send(value);
    value.text = 'after';
    expect(await server.receive()).toEqual({ id: 1, text: 'before' });
  });

  test('serves several receivers in order', async () => {
    const { client, server } = framedPair();
    const received = Promise.all([server.receive(), server.receive(), server.receive()]);
    for (const each of lines(3)) void client.send(each);
    expect(await received).toEqual(lines(3));
  });
});

describe('framed: taking a transport over', () => {
  test('begins with the bytes that the old protocol had got', async () => {
    const { client, server } = pair();
    const received = Uint8Array.of(0, 0, 0, 9, 0, 1, 65, 0, 0);
    const connection = framed(server, line, { received });
    received.fill(0xff);
    expect(await connection.receive()).toEqual({ id: 9, text: 'A' });
    client.write(Uint8Array.of(0, 8, 0, 1, 66));
    expect(await connection.receive()).toEqual({ id: 8, text: 'B' });
  });

  test('works inside dataReceived, with the rest of the chunk', async () => {
    const ends = memoryTransportPair({ loop });
    let connection: Framed<Line> | undefined;
    ends.server.attach(
      new Recorder({
        isWhole: false,
        onData: (chunk, transport) => (connection = framed(transport, line, { received: chunk.subarray(1) })),
      }),
    );
    const { transport } = ends.client.attach(new Recorder());
    transport.write(Uint8Array.of(83, 0, 0, 0, 9, 0, 1, 65));
    await settle();
    expect(await connection?.receive()).toEqual({ id: 9, text: 'A' });
  });

  test('reads on where the old protocol had paused', async () => {
    const { client, server } = pair();
    server.pauseReading();
    void framed(client, line).send({ id: 1, text: 'a' });
    await settle();
    expect(await framed(server, line).receive()).toEqual({ id: 1, text: 'a' });
  });

  test('takes what a stream connection had not read, and its end', async () => {
    const ends = memoryTransportPair({ loop });
    const { connection } = ends.server.attach(new StreamProtocol());
    const client = framed(ends.client.attach(new Recorder({ isWhole: false })).transport, line);
    void client.send({ id: 1, text: 'a' });
    void client.send({ id: 2, text: 'b' });
    client.endSending();
    expect(await connection.reader.readExactly(7)).toEqual(Uint8Array.of(0, 0, 0, 1, 0, 1, 97));
    await settle();
    const server = framed(connection, line);
    expect(await all(server)).toEqual([{ id: 2, text: 'b' }]);
    expect(await failure(connection.reader.read())).toBeInstanceOf(TransportClosedError);
  });

  test('refuses a connection that is closing, and an option out of its range, and changes nothing', async () => {
    const { client, server, serverRecorder } = pair();
    expect(() => framed(server, line, { limitValues: 0 })).toThrow(RangeError);
    expect(() => framed(server, line, { limitBytes: 1.5 })).toThrow(
      'expected limitBytes to be an integer of 1 or more, saw 1.5',
    );
    client.write(Uint8Array.of(1));
    await serverRecorder.until(() => serverRecorder.byteCount === 1);
    server.close();
    expect(() => framed(server, line)).toThrow(TransportClosedError);
  });

  test.each(['transport', 'stream connection'])('receives alone, where our data of the %s has ended', async (over) => {
    const ends = memoryTransportPair({ loop });
    const { connection } = ends.server.attach(new StreamProtocol());
    const peer = framed(ends.client.attach(new StreamProtocol()).connection, line);
    connection.writer.writeEof();
    const server = framed(over === 'transport' ? connection.transport : connection, line);
    expect(() => server.send({ id: 1, text: 'a' })).toThrow(TransportClosedError);
    await peer.send({ id: 2, text: 'b' });
    expect(await server.receive()).toEqual({ id: 2, text: 'b' });
    expect(await peer.receive()).toBeUndefined();
    server.endSending();
    await Promise.all([server.close(), peer.close()]);
  });

  test('refuses a stream connection of which a read waits, and changes nothing', async () => {
    const ends = memoryTransportPair({ loop });
    const { connection } = ends.server.attach(new StreamProtocol());
    const client = ends.client.attach(new StreamProtocol()).connection;
    const waiting = connection.reader.read();
    const watermarks = { highWaterBytes: 0, lowWaterBytes: 0 };
    expect(() => framed(connection, line, { watermarks })).toThrow(TypeError);
    connection.writer.write(Uint8Array.of(1));
    expect(connection.writer.drain()).toBeUndefined();
    client.writer.write(Uint8Array.of(2));
    expect(await waiting).toEqual(Uint8Array.of(2));
  });
});

describe('framed: back-pressure', () => {
  test('pauses reading above limitValues, goes on at half of it, and loses nothing', async () => {
    const ends = pair(7);
    const client = framed(ends.client, line);
    const server = framed(ends.server, line, { limitValues: 4 });
    const sent = lines(100);
    for (const each of sent) void client.send(each);
    await settle();
    expect(server.receivedCount).toBe(5);
    expect(await server.receive()).toEqual(sent[0]);
    expect(await server.receive()).toEqual(sent[1]);
    await settle();
    expect(server.receivedCount).toBe(3);
    expect(await server.receive()).toEqual(sent[2]);
    await settle();
    expect(server.receivedCount).toBe(5);
    client.endSending();
    expect(await all(server)).toEqual(sent.slice(3));
  });

  test('pauses reading above limitBytes, which count until their values are taken', async () => {
    const ends = pair(10);
    const client = framed(ends.client, line);
    const server = framed(ends.server, line, { limitBytes: 50 });
    const sent = Array.from({ length: 10 }, (_, id) => ({ id, text: 'x'.repeat(24) }));
    for (const each of sent) void client.send(each);
    await settle();
    expect(server.receivedCount).toBe(2);
    expect(await server.receive()).toEqual(sent[0]);
    await settle();
    expect(server.receivedCount).toBe(1);
    expect(await server.receive()).toEqual(sent[1]);
    await settle();
    expect(server.receivedCount).toBe(2);
    client.endSending();
    expect(await all(server)).toEqual(sent.slice(2));
  });

  test('does not pause for a value that is larger than the limit: it could never be received', async () => {
    const ends = pair(100);
    const client = framed(ends.client, line);
    const server = framed(ends.server, line, { limitBytes: 10 });
    void client.send({ id: 1, text: 'x'.repeat(5000) });
    expect(await server.receive()).toEqual({ id: 1, text: 'x'.repeat(5000) });
  });

  test('keeps thousands of values that nobody takes for a while in order', async () => {
    const ends = pair();
    const client = framed(ends.client, u32);
    const server = framed(ends.server, u32, { limitValues: 5000 });
    for (let i = 0; i < 4000; i++) void client.send(i);
    await settle();
    expect(server.receivedCount).toBe(4000);
    for (let i = 0; i < 4000; i++) expect(await server.receive()).toBe(i);
    void client.send(4000);
    expect(await server.receive()).toBe(4000);
  });
});

describe('framed: the end', () => {
  test('gives undefined when the peer has ended its data, and stays open for sending', async () => {
    const { client, server } = framedPair();
    void client.send({ id: 1, text: 'request' });
    client.endSending();
    expect(await server.receive()).toEqual({ id: 1, text: 'request' });
    expect(await server.receive()).toBeUndefined();
    void server.send({ id: 2, text: 'response' });
    expect(await client.receive()).toEqual({ id: 2, text: 'response' });
    await server.close();
    expect(await client.receive()).toBeUndefined();
  });

  test('close sends what is queued', async () => {
    const { client, server } = framedPair();
    void client.send({ id: 1, text: 'last' });
    const closed = client.close();
    expect(await all(server)).toEqual([{ id: 1, text: 'last' }]);
    await server.close();
    await closed;
    await client.close();
  });

  test('send throws after close, endSending and abort, and the loss of the connection', async () => {
    const { client, server } = framedPair();
    client.endSending();
    client.endSending();
    expect(() => client.send({ id: 1, text: '' })).toThrow('expected no value after the end of our data');
    const reason = new Error('no more');
    server.abort(reason);
    expect(() => server.send({ id: 1, text: '' })).toThrow(TransportClosedError);
    await settle();
    expect(() => server.send({ id: 1, text: '' })).toThrow(reason);
    expect(() => client.send({ id: 1, text: '' })).toThrow(ConnectionLostError);
    client.endSending();
  });

  test('receive fails once what came before is taken, when the connection breaks', async () => {
    const { client, server } = framedPair();
    void client.send({ id: 1, text: 'a' });
    await settle();
    client.abort();
    await settle();
    expect(await server.receive()).toEqual({ id: 1, text: 'a' });
    expect(await failure(server.receive())).toBeInstanceOf(ConnectionLostError);
    expect(await failure(server.receive())).toBeInstanceOf(ConnectionLostError);
    expect(await failure(server.close())).toBeInstanceOf(ConnectionLostError);
  });

  test('receivers that wait fail when the connection breaks, or is closed on our side', async () => {
    const first = framedPair();
    const waiting = failure(first.server.receive());
    first.client.abort();
    expect(await waiting).toBeInstanceOf(ConnectionLostError);
    const second = framedPair();
    const other = failure(second.server.receive());
    void second.server.close();
    expect(await other).toBeInstanceOf(TransportClosedError);
  });

  test('whoever waits for room fails when the connection breaks; nobody needs to look', async () => {
    const ends = pair();
    ends.server.pauseReading();
    const client = framed(ends.client, line);
    const drained = client.send({ id: 1, text: 'x'.repeat(60_000) });
    const again = client.send({ id: 2, text: 'x'.repeat(60_000) });
    expect(drained).toBeUndefined();
    const outcome = failure(again);
    void client.send({ id: 4, text: '' }); // whose rejection nobody handles
    ends.server.abort();
    expect(await outcome).toBeInstanceOf(ConnectionLostError);
  });

  test('drops what was not flushed when the connection is gone before the turn ends', async () => {
    const { client, server } = framedPair();
    void client.send({ id: 1, text: 'never sent' });
    client.abort();
    expect(await failure(server.receive())).toBeInstanceOf(ConnectionLostError);
  });

  test('await using closes it, and tells what broke it only if nobody was told', async () => {
    const { client, server } = framedPair();
    {
      await using connection = client;
      void connection.send({ id: 1, text: 'a' });
      server.endSending();
    }
    expect(await all(server)).toEqual([{ id: 1, text: 'a' }]);

    const told = framedPair();
    {
      await using connection = told.server;
      told.client.abort();
      expect(await failure(connection.receive())).toBeInstanceOf(ConnectionLostError);
    }

    const untold = framedPair();
    const leaving = async (): Promise<void> => {
      await using connection = untold.server;
      untold.client.abort();
      await settle();
      expect(connection.transport.isClosing).toBe(true);
    };
    expect(await failure(leaving())).toBeInstanceOf(ConnectionLostError);
  });

  test('values sent after the loop was closed leave at once, as far as the transport takes them', async () => {
    const { client, server } = framedPair();
    await loop.close();
    void client.send({ id: 1, text: 'late' });
    expect(client.transport.bufferedBytes).toBe(10);
    client.abort();
    server.abort();
  });

  test('an iterator may be iterated itself', async () => {
    const { client, server } = framedPair();
    void client.send({ id: 1, text: 'a' });
    client.endSending();
    expect(await all(server[Symbol.asyncIterator]())).toEqual([{ id: 1, text: 'a' }]);
  });

  test('leaving a loop leaves the connection as it is', async () => {
    const { client, server } = framedPair();
    for (const each of lines(3)) void client.send(each);
    for await (const { id } of server) if (id === 1) break;
    expect(await server.receive()).toEqual({ id: 2, text: 'line 2' });
  });
});

describe('framed: when the server is being closed', () => {
  test('receivers that find nothing fail, after what has begun to arrive', async () => {
    const ends = memoryTransportPair({ loop });
    const client = ends.client.attach(new Recorder({ isWhole: false })).transport;
    const { connection } = ends.server.attach(new StreamProtocol());
    let protocol: { closeRequested?(): void } = {};
    const { transport } = connection;
    const original = transport.setProtocol.bind(transport);
    transport.setProtocol = (given) => {
      protocol = given;
      original(given);
    };
    const server = framed(connection, line);
    client.write(Uint8Array.of(0, 0, 0, 9, 0));
    await settle();
    const waiting = server.receive();
    protocol.closeRequested?.();
    client.write(Uint8Array.of(1, 65));
    expect(await waiting).toEqual({ id: 9, text: 'A' });
    expect(await failure(server.receive())).toEqual(new TransportClosedError('the server is being closed'));
  });

  test('receivers fail at once where nothing has begun', async () => {
    const server = await loop.listen(() => new StreamProtocol(), 'tcp://127.0.0.1:0');
    await server.close();
    const { server: connection } = framedPair();
    const waiting = failure(connection.receive());
    (connection as unknown as { closeRequested(): void }).closeRequested();
    expect(await waiting).toBeInstanceOf(TransportClosedError);
  });
});

describe('framed: bytes that are no values', () => {
  const even: Codec<number> = mapped(
    u8,
    (value) => {
      if (value % 2 !== 0) throw new DecodeError(`expected an even number, saw ${value}`);
      return value;
    },
    (value) => value,
  );

  test('end the connection with an error that says where, after the values before', async () => {
    const { client, server, clientRecorder } = pair();
    const connection = framed(server, even);
    client.write(Uint8Array.of(2, 4));
    client.write(Uint8Array.of(6, 7, 8));
    expect(await clientRecorder.lost).toBeInstanceOf(ConnectionLostError);
    for (const value of [2, 4, 6]) expect(await connection.receive()).toBe(value);
    const error = (await failure(connection.receive())) as FramedError;
    expect(error).toBeInstanceOf(FramedError);
    expect(error.message).toBe('value 3, in or before bytes 2 to 4 of the connection: expected an even number, saw 7');
    expect(error).toMatchObject({ code: 'ERR_STREAMS_FRAMED', valueIndex: 3, chunkStart: 2, chunkEnd: 5 });
    expect(error.cause).toBeInstanceOf(DecodeError);
    expect(await failure(connection.receive())).toBe(error);
    expect(await failure(connection.close())).toBe(error);
    expect(() => connection.send(2)).toThrow(error);
  });

  test('are told at once to who waits', async () => {
    const { client, server } = pair();
    const connection = framed(server, even);
    const waiting = failure(connection.receive());
    client.write(Uint8Array.of(3));
    expect(await waiting).toBeInstanceOf(FramedError);
  });

  test('include values of undefined, which would look like the end', async () => {
    const nothing: Codec<undefined> = mapped(
      u8,
      () => undefined,
      () => 0,
    );
    const { client, server } = pair();
    const connection = framed(server, nothing);
    client.write(Uint8Array.of(3));
    expect(await failure(connection.receive())).toMatchObject({ message: /other than undefined/u });
  });

  test('include an end in the middle of a value; sending goes on', async () => {
    const { client, server, clientRecorder } = pair();
    const connection = framed(server, line);
    client.write(Uint8Array.of(0, 0, 0, 1, 0, 1, 97, 0, 0));
    client.writeEof();
    expect(await connection.receive()).toEqual({ id: 1, text: 'a' });
    const error = await failure(connection.receive());
    expect(error).toBeInstanceOf(FramedError);
    expect(error).toMatchObject({ message: 'expected the rest of value 1, saw the end of the data after 9 bytes' });
    void connection.send({ id: 2, text: 'sorry' });
    await connection.close();
    expect(clientRecorder.byteCount).toBe(11);
  });

  test('include a length above the limit of the codec, before anything is kept for it', async () => {
    const { client, server } = pair();
    const connection = framed(server, array(u8, u32, { maxCount: 10 }));
    client.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
    expect(await failure(connection.receive())).toBeInstanceOf(FramedError);
  });
});

describe('framed: cancellation', () => {
  test('a receive that times out loses no value', async () => {
    const clock = new TestClock();
    const ends = pair();
    const server = framed(ends.server, line, { timers: clock });
    const client = framed(ends.client, line);
    const timed = failure(server.receive({ timeoutMs: 10 }));
    clock.advance(10);
    expect(await timed).toBeInstanceOf(TimeoutError);
    void client.send({ id: 1, text: 'a' });
    expect(await server.receive({ timeoutMs: 10 })).toEqual({ id: 1, text: 'a' });
  });

  test('a receive that is over before takes nothing, also where a value is there', async () => {
    const { client, server } = framedPair();
    void client.send({ id: 1, text: 'a' });
    await settle();
    const reason = new Error('called off');
    expect(await failure(server.receive({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(await failure(server.receive({ timeoutMs: 0 }))).toBeInstanceOf(TimeoutError);
    expect(await failure(server.receive({ timeoutMs: NaN }))).toBeInstanceOf(RangeError);
    expect(await server.receive({ timeoutMs: 5 })).toEqual({ id: 1, text: 'a' });
  });

  test('a receive that is called off leaves the line to the ones behind it', async () => {
    const { client, server } = framedPair();
    const controller = new AbortController();
    const first = failure(server.receive({ signal: controller.signal }));
    const second = server.receive();
    controller.abort(new Error('changed my mind'));
    expect(await first).toEqual(new Error('changed my mind'));
    void client.send({ id: 1, text: 'for the second' });
    expect(await second).toEqual({ id: 1, text: 'for the second' });
  });

  test('a close that times out goes on closing', async () => {
    const clock = new TestClock();
    const ends = pair();
    ends.server.pauseReading();
    const client = framed(ends.client, line, { timers: clock });
    void client.send({ id: 1, text: 'a' });
    const closing = failure(client.close({ timeoutMs: 10 }));
    clock.advance(10);
    expect(await closing).toBeInstanceOf(TimeoutError);
    ends.server.resumeReading();
    await client.close();
    expect(ends.serverRecorder.byteCount).toBe(7);
  });
});
