import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  nodePolicy,
  type AnyProtocol,
  type ConnectOptions,
  type Loop,
  type Protocol,
  type Transport,
} from '../src/index.js';
import { BufferedRecorder, pattern, Recorder, settle } from './recorder.js';

let loop: Loop;
beforeEach(() => {
  loop = nodePolicy.newLoop();
});
afterEach(() => loop.close());

/** Connects two protocols over TCP. */
async function pair(client: AnyProtocol, server: Recorder, options?: ConnectOptions): Promise<void> {
  const listening = await loop.listen(() => server, 'tcp://127.0.0.1:0');
  await loop.connect(() => client, { host: '127.0.0.1', port: listening.address.port! }, options);
  await server.until(() => server.events.length > 0);
}

/** Memory that counts what is copied into it. */
class CountingMemory extends Uint8Array {
  copies = 0;
  override set(array: ArrayLike<number>, offset?: number): void {
    this.copies++;
    super.set(array, offset);
  }
}

describe('a buffered protocol of a client', () => {
  test('has its own memory filled by the socket, after the first read', async () => {
    const memory = new CountingMemory(64 * 1024);
    const inner = new Recorder();
    const client = new BufferedRecorder(inner, 1);
    client.getBuffer = () => memory;
    client.bufferUpdated = (byteCount) => {
      inner.dataReceived(new Uint8Array(memory.buffer, 0, byteCount));
    };
    const server = new Recorder();
    await pair(client, server);
    const sent = pattern(2 << 20);
    server.transport.write(sent);
    await inner.until(() => inner.byteCount === sent.length);
    expect(Buffer.compare(inner.bytes, sent)).toBe(0);
    expect(inner.chunks.length).toBeGreaterThan(10);
    expect(memory.copies).toBeLessThanOrEqual(1);
  });

  test('that pauses and resumes all the time loses nothing, however small its memory', async () => {
    for (const bufferBytes of [1000, 64 * 1024]) {
      const inner = new Recorder({
        onData: (_chunk, transport) => {
          transport.pauseReading();
          setImmediate(() => {
            transport.resumeReading();
          });
        },
      });
      const server = new Recorder();
      await pair(new BufferedRecorder(inner, bufferBytes), server);
      const sent = pattern(300_000);
      server.transport.write(sent);
      server.transport.close();
      await inner.lost;
      expect(Buffer.compare(inner.bytes, sent)).toBe(0);
    }
  });
});

describe('Transport.setProtocol', () => {
  test('gives the connection to another protocol, which is not introduced again', async () => {
    const [first, second, server] = [new Recorder(), new Recorder(), new Recorder()];
    first.onData = (_chunk, transport) => {
      transport.setProtocol(second);
    };
    await pair(first, server);
    server.transport.write(pattern(5));
    await first.until(() => first.byteCount === 5);
    server.transport.write(pattern(7));
    await second.until(() => second.byteCount === 7);
    server.transport.close();
    expect(await second.lost).toBe(null);
    expect(first.events).toEqual(['connectionMade', 'dataReceived']);
    expect(second.events).toEqual(['dataReceived', 'eofReceived', 'connectionLost']);
  });

  test('asks a buffered protocol for memory at once, and hands on what the old one was not given', async () => {
    const [inner, last, server] = [new Recorder(), new Recorder(), new Recorder()];
    const buffered = new BufferedRecorder(inner, 4);
    await pair(buffered, server);
    inner.onData = () => {
      inner.transport.setProtocol(last);
    };
    server.transport.write(pattern(10));
    await last.until(() => last.byteCount === 6);
    expect(Buffer.concat([inner.bytes, last.bytes])).toEqual(Buffer.from(pattern(10)));
    expect(inner.events).toEqual(['connectionMade', 'getBuffer', 'dataReceived']);
    const again = new Recorder();
    inner.transport.setProtocol(new BufferedRecorder(again, 100));
    expect(again.events).toEqual(['getBuffer']);
    server.transport.write(pattern(50));
    await again.until(() => again.byteCount === 50);
  });

  test('delivers what was held back while reading was paused to the new protocol', async () => {
    const [inner, next, server] = [new Recorder(), new Recorder(), new Recorder()];
    inner.onData = (_chunk, transport) => {
      transport.pauseReading();
    };
    await pair(new BufferedRecorder(inner, 4), server);
    server.transport.write(pattern(10));
    await inner.until(() => inner.byteCount === 4);
    inner.transport.setProtocol(next);
    await settle();
    expect(next.byteCount).toBe(0);
    inner.transport.resumeReading();
    await next.until(() => next.byteCount === 6);
  });

  test('tells the new protocol when writing is paused, so that pauses and resumptions alternate for each', async () => {
    const [first, second, server] = [new Recorder(), new Recorder(), new Recorder()];
    await pair(first, server);
    server.transport.pauseReading();
    first.transport.write(pattern(8 << 20));
    first.transport.setProtocol(second);
    expect([first.events.at(-1), second.events]).toEqual(['pauseWriting', ['pauseWriting']]);
    server.transport.resumeReading();
    await second.until(() => second.events.includes('resumeWriting'));
    expect(first.events).not.toContain('resumeWriting');
  });

  test.each([null, undefined, 5, {}, 'text'])('refuses %s, and the old one stays', async (bad) => {
    const [first, server] = [new Recorder(), new Recorder()];
    await pair(first, server);
    expect(() => {
      first.transport.setProtocol(bad as Protocol);
    }).toThrow(/expected a protocol with dataReceived/);
    server.transport.write(pattern(3));
    await first.until(() => first.byteCount === 3);
  });

  test('in connectionMade asks for memory once, after it', async () => {
    const inner = new Recorder();
    const buffered = new BufferedRecorder(inner, 8);
    const first = new Recorder({
      onMade: (transport) => {
        transport.setProtocol(buffered);
        expect(inner.events).toEqual([]);
      },
    });
    const server = new Recorder();
    await pair(first, server);
    expect(inner.events).toEqual(['getBuffer']);
  });

  test('loses the connection if the new protocol has no memory to give', async () => {
    const [first, inner, server] = [new Recorder(), new Recorder(), new Recorder()];
    const reported: unknown[] = [];
    loop.onUncaught((error) => reported.push(error));
    await pair(first, server);
    first.transport.setProtocol(new BufferedRecorder(inner, 0));
    expect(await inner.lost).toBeInstanceOf(TypeError);
    expect(reported).toHaveLength(1);
  });
});

describe('writing', () => {
  test('what is written before the watermarks are lowered still ends in one resumption', async () => {
    const [client, server] = [new Recorder(), new Recorder()];
    await pair(client, server);
    server.transport.pauseReading();
    client.transport.setWriteWatermarks({ highWaterBytes: 1 << 30, lowWaterBytes: 0 });
    client.transport.write(pattern(8 << 20));
    client.transport.write(pattern(100));
    await settle();
    expect(client.events).toEqual(['connectionMade']);
    client.transport.setWriteWatermarks({ highWaterBytes: 0, lowWaterBytes: 0 });
    expect(client.events).toEqual(['connectionMade', 'pauseWriting']);
    server.transport.resumeReading();
    await client.until(() => client.events.includes('resumeWriting'));
    expect(client.transport.bufferedBytes).toBe(0);
  });

  test('counts no byte as written that was lost', async () => {
    const [client, server] = [new Recorder(), new Recorder()];
    await pair(client, server);
    server.transport.pauseReading();
    for (let i = 0; i < 16; i++) client.transport.write(pattern(1 << 20));
    await settle();
    expect(loop.metrics().bytesWritten + client.transport.bufferedBytes).toBe(16 << 20);
    expect(client.transport.bufferedBytes).toBeGreaterThan(0);
    client.transport.abort();
    expect(client.transport.bufferedBytes).toBe(0);
    await client.lost;
    expect(loop.metrics().bytesWritten).toBeLessThan(16 << 20);
  });

  test('of very many chunks is one flush, and gives each of them back', async () => {
    const [client, server] = [new Recorder(), new Recorder()];
    await pair(client, server);
    const recycled = new Set<Uint8Array>();
    const chunks = Array.from({ length: 3000 }, (_, i) => pattern(i % 50));
    const { flushes } = loop.metrics();
    client.transport.writeMany(chunks, { recycle: (chunk) => recycled.add(chunk) });
    expect(loop.metrics().flushes - flushes).toBe(1);
    expect(recycled.size).toBe(0);
    client.transport.close();
    await server.lost;
    expect(Buffer.compare(server.bytes, Buffer.concat(chunks))).toBe(0);
    expect(recycled.size).toBe(3000);
  });
});

describe('abort', () => {
  test('is a reset for the peer, so that what was cut off does not look complete', async () => {
    const [client, server] = [new Recorder(), new Recorder()];
    await pair(client, server);
    server.transport.write(pattern(10));
    await client.until(() => client.byteCount === 10);
    server.transport.abort();
    expect(await client.lost).toMatchObject({ name: 'ConnectionLostError', cause: { code: 'ECONNRESET' } });
    expect(await server.lost).toBe(null);
    expect(client.events).not.toContain('eofReceived');
  });

  test('after writeEof, or of a connection that ends in connectionMade, is none', async () => {
    const [client, server] = [new Recorder(), new Recorder({ onEof: () => true })];
    await pair(client, server);
    server.transport.writeEof();
    server.transport.abort();
    expect(await client.lost).toBe(null);
    expect(await server.lost).toBe(null);
    const refused = new Recorder();
    const onMade = (transport: Transport): void => {
      transport.abort();
    };
    await pair(refused, new Recorder({ onMade }));
    expect(await refused.lost).toBe(null);
  });
});

describe('options of a connection', () => {
  test('localAddress is where it comes from', async () => {
    const [client, server] = [new Recorder(), new Recorder()];
    const localAddress = process.platform === 'linux' ? '127.0.0.2' : '127.0.0.1';
    await pair(client, server, { localAddress, keepAliveMs: 1000 });
    expect(server.transport.info.remoteAddress).toBe(localAddress);
    expect(client.transport.info.localAddress).toBe(localAddress);
    const elsewhere = loop.connect(() => new Recorder(), 'tcp://127.0.0.1:1', { localAddress: '192.0.2.1' });
    await expect(elsewhere).rejects.toMatchObject({ code: 'ERR_LOOP_POLICY_CONNECT', reason: 'EADDRNOTAVAIL' });
  });

  test('a descriptor that is connected already is taken over', { timeout: 30_000 }, async () => {
    const script = `
      import { getLoop } from '@millrace/loop-policy';
      class Echo {
        connectionMade(transport) { this.transport = transport; }
        dataReceived(chunk) { this.transport.write(chunk); }
        eofReceived() {}
        pauseWriting() {}
        resumeWriting() {}
        connectionLost() {}
      }
      await getLoop().connect(() => new Echo(), { fd: 3 });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: join(import.meta.dirname, '..'),
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const socket = child.stdio[3] as Socket;
    const received: Buffer[] = [];
    socket.on('data', (chunk) => received.push(chunk));
    socket.write('over the wall');
    socket.end();
    expect(await ended).toBe(0);
    expect(Buffer.concat(received).toString()).toBe('over the wall');
  });

  test('noDelay and keepAliveMs hold for a descriptor, too', { timeout: 30_000 }, async () => {
    const script = `
      import net from 'node:net';
      import { getLoop } from '@millrace/loop-policy';
      const calls = [];
      for (const name of ['setNoDelay', 'setKeepAlive']) {
        net.Socket.prototype[name] = (...args) => calls.push([name, ...args]);
      }
      const quiet = { connectionMade() {}, dataReceived() {}, eofReceived() {}, pauseWriting() {}, resumeWriting() {}, connectionLost() {} };
      const { transport } = await getLoop().connect(() => quiet, { fd: 3 }, { keepAliveMs: 5000 });
      transport.write(new TextEncoder().encode(JSON.stringify(calls)));
      transport.close();`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: join(import.meta.dirname, '..'),
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const socket = child.stdio[3] as Socket;
    const received: Buffer[] = [];
    socket.on('data', (chunk) => received.push(chunk));
    socket.on('end', () => socket.end());
    expect(await ended).toBe(0);
    expect(JSON.parse(Buffer.concat(received).toString())).toEqual([
      ['setNoDelay', true],
      ['setKeepAlive', true, 5000],
    ]);
  });

  test('a descriptor that is none is a ConnectError', async () => {
    await expect(loop.connect(() => new Recorder(), { fd: 1 << 30 })).rejects.toMatchObject({
      code: 'ERR_LOOP_POLICY_CONNECT',
      endpoint: `fd:${1 << 30}`,
    });
  });
});
