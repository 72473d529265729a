import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Duplex, PassThrough, Readable } from 'node:stream';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { ConnectionLostError, TransportClosedError } from '@millrace/loop-policy';
import { Recorder, testCertificates } from '@millrace/loop-policy/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fromNodeStream, toNodeStream, transportOfNodeStream } from '../src/adapters.js';
import { connectStreams, listenStreams } from '../src/index.js';
import { decode, encode, failure, pattern, TestLoop, textOf } from './stream-pair.js';

let own: TestLoop;

beforeEach(() => {
  own = new TestLoop();
});

afterEach(() => own.close());

/** The two ends of a TCP connection, made by Node. */
async function socketPair(): Promise<{ client: Socket; server: Socket; [Symbol.dispose](): void }> {
  const listening = createServer();
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const client = connect((listening.address() as AddressInfo).port, '127.0.0.1');
  const [server] = (await once(listening, 'connection')) as [Socket];
  server.on('error', () => {});
  listening.close();
  return {
    client,
    server,
    [Symbol.dispose]: () => {
      client.destroy();
      server.destroy();
    },
  };
}

/** A stream that takes what is written when the test says so, and gives what the test pushes. */
function heldStream(options: { readonly objectMode?: boolean } = {}) {
  const written: Uint8Array[] = [];
  const callbacks: ((error?: Error) => void)[] = [];
  const duplex = new Duplex({
    ...options,
    highWaterMark: 1000,
    read: () => {},
    write: (chunk: Uint8Array, _encoding, done) => {
      written.push(chunk);
      callbacks.push(done);
    },
  });
  return { duplex, written, callbacks };
}

describe('fromNodeStream', () => {
  test('reads and writes a socket, and knows its addresses', async () => {
    using sockets = await socketPair();
    sockets.server.on('data', (chunk) => sockets.server.write(chunk));
    const connection = fromNodeStream(sockets.client, { loop: own.loop });
    const { remotePort, localAddress } = connection.transport.info;
    expect([remotePort, localAddress]).toEqual([sockets.client.remotePort, '127.0.0.1']);
    connection.transport.unref();
    connection.transport.ref();
    connection.writer.write(encode('hello\n'));
    expect(await connection.reader.readLine()).toBe('hello');
  });

  test('keeps our side open after the end of the peer, also of a socket that would not', async () => {
    using sockets = await socketPair();
    expect(sockets.client.allowHalfOpen).toBe(false);
    const connection = fromNodeStream(sockets.client, { loop: own.loop });
    sockets.server.end('bye');
    expect(await textOf(connection.reader)).toBe('bye');
    const received = buffer(sockets.server);
    connection.writer.write(encode('and good night'));
    await connection.close();
    expect((await received).toString()).toBe('and good night');
  });

  test('tells an error as the loss of the connection, after what came before, and lets go of the stream', async () => {
    const { duplex } = heldStream();
    const before = duplex.eventNames().length;
    const connection = fromNodeStream(duplex, { loop: own.loop });
    duplex.push('abc');
    expect(decode(await connection.reader.read())).toBe('abc');
    const reason = new Error('broken');
    duplex.destroy(reason);
    const error = await failure(connection.reader.read());
    expect(error).toBeInstanceOf(ConnectionLostError);
    expect(error).toMatchObject({ message: 'the connection was lost: broken', cause: reason });
    await own.settle();
    expect(duplex.eventNames().length).toBe(before);
  });

  test('tells the loss also while reading is paused and nothing is written', async () => {
    const { duplex } = heldStream();
    const recorder = new Recorder();
    const { transport } = transportOfNodeStream(duplex, () => recorder, { loop: own.loop });
    transport.pauseReading();
    duplex.destroy();
    expect(await recorder.lost).toMatchObject({ message: /closed before its end/u });
    expect(recorder.events).toEqual(['connectionMade', 'connectionLost']);
  });

  test('fails what was written when the stream refuses it', async () => {
    const { duplex, callbacks } = heldStream();
    const connection = fromNodeStream(duplex, { loop: own.loop });
    connection.writer.write(encode('abc'));
    await own.settle();
    callbacks[0]?.(new Error('disk full'));
    expect(await failure(connection.closed)).toMatchObject({ message: 'the connection was lost: disk full' });
  });

  test('fails close() when the end is refused', async () => {
    const duplex = new Duplex({
      read: () => {},
      final: (done) => {
        done(new Error('no end'));
      },
    });
    const connection = fromNodeStream(duplex, { loop: own.loop });
    expect(await failure(connection.close())).toMatchObject({ message: 'the connection was lost: no end' });
  });

  test('refuses text and objects, a destroyed stream, and a limit of nothing', async () => {
    const { duplex } = heldStream({ objectMode: true });
    const connection = fromNodeStream(duplex, { loop: own.loop });
    duplex.push({ no: 'bytes' });
    expect(await failure(connection.reader.read())).toMatchObject({
      message: 'the connection was lost: expected chunks of bytes, saw object',
    });
    const texts = new PassThrough({ encoding: 'utf8' });
    texts.write('abc');
    const ofTexts = fromNodeStream(texts, { loop: own.loop });
    expect(await failure(ofTexts.reader.read())).toMatchObject({ message: /saw string$/u });
    expect(() => fromNodeStream(duplex)).toThrow('expected a stream that is open, saw a destroyed one');
    expect(() => fromNodeStream(new PassThrough(), { limitBytes: 0 })).toThrow(RangeError);
  });

  test('stops reading when nobody reads, and writes one batch at a time', async () => {
    const { duplex, written, callbacks } = heldStream();
    const connection = fromNodeStream(duplex, { loop: own.loop, limitBytes: 100 });
    let pushed = 0;
    while (pushed < 100_000 && duplex.push(pattern(100))) {
      pushed += 100;
      await own.settle();
    }
    expect(pushed).toBeLessThan(2000);
    for (let i = 0; i < 10; i++) connection.writer.write(pattern(20_000));
    const drained = connection.writer.drain();
    expect(drained).toBeInstanceOf(Promise);
    for (let left = 200_000; left > 0;) {
      await own.settle();
      expect(written.length).toBe(1);
      left -= written.pop()?.length ?? 0;
      callbacks.pop()?.();
    }
    await drained;
    connection.abort();
  });

  test('gives memory back that the stream still holds only as a copy', async () => {
    const { duplex, written, callbacks } = heldStream();
    const { transport } = transportOfNodeStream(duplex, () => new Recorder(), { loop: own.loop });
    const recycled = new Promise<void>((resolve) => {
      transport.write(encode('abc'), {
        recycle: (chunk) => {
          chunk.fill(0);
          resolve();
        },
      });
    });
    await own.settle();
    callbacks[0]?.();
    await recycled;
    expect(decode(written[0])).toBe('abc');
    transport.abort();
  });

  test('abort destroys the stream with the error, close ends it', async () => {
    const first = heldStream().duplex;
    const reason = new Error('enough');
    fromNodeStream(first, { loop: own.loop }).abort(reason);
    expect(first.errored).toBe(reason);
    const second = new PassThrough();
    const connection = fromNodeStream(second, { loop: own.loop });
    await connection.close();
    expect([second.writableFinished, second.destroyed, second.errored]).toEqual([true, true, null]);
  });

  test('reads what is left of a stream that has ended, and ends one that was ended', async () => {
    const ended = new PassThrough();
    ended.end('rest');
    const connection = fromNodeStream(ended, { loop: own.loop });
    expect(await textOf(connection.reader)).toBe('rest');
    await connection.close();
    // Node has it, its types do not.
    const options = { autoDestroy: false, readable: false };
    const silent = new Duplex(options);
    silent._write = (_chunk, _encoding, done) => {
      done();
    };
    silent.end();
    await once(silent, 'finish');
    const none = fromNodeStream(silent, { loop: own.loop });
    expect(await none.reader.read()).toBeUndefined();
    await none.close();
  });
});

describe('transportOfNodeStream', () => {
  test('leaves the stream alone if the factory throws, or makes no protocol', () => {
    const { duplex } = heldStream();
    const fail = (): Recorder => {
      throw new Error('no protocol today');
    };
    expect(() => transportOfNodeStream(duplex, fail)).toThrow('no protocol today');
    expect(() => transportOfNodeStream(duplex, () => ({}) as never)).toThrow(TypeError);
    expect(duplex.eventNames()).not.toContain('readable');
  });

  test('has no TLS, and says so', async () => {
    const recorder = new Recorder();
    const { transport } = transportOfNodeStream(heldStream().duplex, () => recorder, { loop: own.loop });
    const error = await failure(transport.startTls());
    expect(error).toMatchObject({ name: 'TlsError' });
    expect(await recorder.lost).toBe(error);
    expect(await failure(transport.startTls())).toBeInstanceOf(TransportClosedError);
  });

  test('tells the end also when its loop is closed, and what a callback throws then on the console', async () => {
    const recorder = new Recorder({
      onLost: () => {
        throw new Error('too late');
      },
    });
    const { transport } = transportOfNodeStream(heldStream().duplex, () => recorder, { loop: own.loop });
    await own.loop.close();
    const { error: original } = console;
    const printed: unknown[] = [];
    console.error = (line: unknown) => printed.push(line);
    try {
      transport.abort();
      expect(await recorder.lost).toBeNull();
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      console.error = original;
    }
    expect(printed).toEqual([new Error('too late')]);
  });

  test('closes without waiting for the end of the peer when its loop is closed', async () => {
    const recorder = new Recorder();
    const { duplex, callbacks } = heldStream();
    const { transport } = transportOfNodeStream(duplex, () => recorder, { loop: own.loop });
    transport.write(encode('abc'));
    await own.settle();
    await own.loop.close();
    transport.close();
    callbacks[0]?.();
    expect(await recorder.lost).toBeNull();
  });
});

describe('toNodeStream', () => {
  test('carries pipelines both ways, and is closed when both have ended', async () => {
    const { client, server } = own.pair({ chunking: 1000 });
    const bytes = pattern(30_000);
    const duplex = toNodeStream(client);
    const echo = toNodeStream(server);
    const received = buffer(duplex);
    await Promise.all([
      pipeline(echo, new PassThrough(), echo),
      pipeline(Readable.from([bytes.subarray(0, 10), bytes.subarray(10)]), duplex),
    ]);
    expect(new Uint8Array(await received)).toEqual(bytes);
    await client.closed;
    expect(duplex.destroyed).toBe(true);
  });

  test('calls back when the transport needs the bytes no more', async () => {
    const { client, server } = own.pair();
    server.transport.pauseReading();
    const duplex = toNodeStream(client);
    const chunk = encode('abc');
    let isDone = false;
    duplex.write(chunk, () => {
      isDone = true;
      chunk.fill(0);
    });
    await own.settle();
    expect(isDone).toBe(false);
    server.transport.resumeReading();
    expect(decode(await server.reader.read())).toBe('abc');
    await own.settle();
    expect(isDone).toBe(true);
  });

  test('writes what piled up in one go', async () => {
    const { client, server } = own.pair();
    const duplex = toNodeStream(client);
    duplex.cork();
    duplex.write('a');
    duplex.write(encode('b'));
    duplex.write('c');
    duplex.uncork();
    duplex.end();
    expect(await textOf(server.reader)).toBe('abc');
  });

  test('emits the error that broke the connection, and gives it to writers, also while nobody reads', async () => {
    const { client, server } = own.pair();
    server.transport.pauseReading();
    const duplex = toNodeStream(client);
    const failed = once(duplex, 'error');
    const written = new Promise((resolve) => duplex.write('abc', resolve));
    await own.settle();
    server.abort();
    expect((await failed)[0]).toBeInstanceOf(ConnectionLostError);
    expect(await written).toBeInstanceOf(Error);
  });

  test('destroy aborts the connection with its error', async () => {
    const { client, server } = own.pair();
    const duplex = toNodeStream(client);
    duplex.on('error', () => {});
    const reason = new Error('enough');
    duplex.destroy(reason);
    expect(await failure(client.closed)).toBe(reason);
    expect(await failure(server.reader.read())).toBeInstanceOf(ConnectionLostError);
  });

  test('destroy after the end of writing closes the connection, and what was written arrives', async () => {
    const { client, server } = own.pair();
    const duplex = toNodeStream(client);
    duplex.end('abc');
    await once(duplex, 'finish');
    duplex.destroy();
    expect(await textOf(server.reader)).toBe('abc');
    await server.close();
    await client.closed;
  });

  test('just closes where the connection is closed on our side: no error that somebody must listen to', async () => {
    const { client } = own.pair();
    const duplex = toNodeStream(client);
    duplex.resume();
    client.abort();
    await once(duplex, 'close');
    expect(duplex.errored).toBeNull();
    const paused = own.pair().client;
    const idle = toNodeStream(paused);
    paused.abort();
    await once(idle, 'close');
  });

  test('carries the TLS of Node to a server of ours, and back as a connection', async () => {
    const { ca, server: identity } = testCertificates;
    const server = await listenStreams(
      async ({ reader, writer }) => {
        for await (const line of reader.lines()) writer.write(encode(`${line}!\n`));
      },
      'tcp://127.0.0.1:0',
      { loop: own.loop, tls: { cert: identity.cert, key: identity.key } },
    );
    const plain = await connectStreams(`tcp://127.0.0.1:${server.address.port ?? 0}`, { loop: own.loop });
    const socket = connectTls({ socket: toNodeStream(plain), ca, servername: 'localhost' });
    const secured = fromNodeStream(socket, { loop: own.loop });
    secured.writer.write(encode('hello\n'));
    expect(await secured.reader.readLine({ timeoutMs: 5000 })).toBe('hello!');
    await secured.close();
    await server.close();
  });

  test('asks for a runtime that has Node streams', () => {
    const { client } = own.pair();
    const { process } = globalThis;
    try {
      Object.defineProperty(globalThis, 'process', { value: {}, configurable: true });
      expect(() => toNodeStream(client)).toThrow('toNodeStream needs a runtime with process.getBuiltinModule');
    } finally {
      Object.defineProperty(globalThis, 'process', { value: process, configurable: true });
    }
  });
});
