import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodePolicy, TlsError, TransportClosedError, type Endpoint, type Loop, type Server } from '../src/index.js';
import { testCertificates } from '../src/testing.js';
import { pattern, Recorder } from './recorder.js';

const { ca, expired, otherName, server: own } = testCertificates;

let loop: Loop;
let folder: string;
let uncaught: unknown[];

beforeEach(() => {
  loop = nodePolicy.newLoop();
  folder = mkdtempSync(join(tmpdir(), 'millrace-tls-'));
  uncaught = [];
  loop.onUncaught((error) => uncaught.push(error));
});

afterEach(async () => {
  await loop.close();
  rmSync(folder, { recursive: true });
  expect(uncaught).toEqual([]);
});

const HERE = 'tcp://127.0.0.1:0';

function portOf(server: Server): number {
  return server.address.port ?? 0;
}

function target({ address }: Server): Endpoint {
  return address.path === undefined ? { host: address.host, port: address.port } : { path: address.path };
}

async function failed(promise: Promise<unknown>): Promise<TlsError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TlsError);
  return error as TlsError;
}

describe('connect with TLS', () => {
  test('finds the name of the certificate in the host, also when that is looked up', async () => {
    const server = await loop.listen(() => new Recorder(), HERE, { tls: own });
    const endpoint = { host: 'localhost', port: portOf(server) };
    const { transport } = await loop.connect(() => new Recorder(), endpoint, { tls: { ca } });
    expect(transport.info.tls).toMatchObject({ isVerified: true });
  });

  test('says in words and by code why the certificate is not good', async () => {
    const late = await loop.listen(() => new Recorder(), HERE, { tls: expired });
    const lateError = await failed(loop.connect(() => new Recorder(), target(late), { tls: { ca } }));
    expect(lateError).toMatchObject({ reason: 'CERT_HAS_EXPIRED', code: 'ERR_LOOP_POLICY_TLS' });
    expect(lateError.message).toBe('the TLS handshake failed: the certificate has expired (CERT_HAS_EXPIRED)');
    const other = await loop.listen(() => new Recorder(), HERE, { tls: otherName });
    const otherError = await failed(loop.connect(() => new Recorder(), target(other), { tls: { ca } }));
    expect(otherError.reason).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(otherError.message).toContain('127.0.0.1');
  });

  test('trusts the authorities of the platform only, where no others are named', async () => {
    const server = await loop.listen(() => new Recorder(), HERE, { tls: own });
    const error = await failed(loop.connect(() => new Recorder(), target(server), { tls: true }));
    expect(error.message).toContain('not signed by a trusted authority');
  });

  test('over a unix socket needs a name, and takes it', async () => {
    const server = await loop.listen(() => new Recorder(), { path: join(folder, 's') }, { tls: own });
    const nameless = loop.connect(() => new Recorder(), target(server), { tls: { ca } });
    await expect(nameless).rejects.toThrow(/expected serverName/);
    const { transport } = await loop.connect(() => new Recorder(), target(server), {
      tls: { ca, serverName: 'localhost' },
    });
    expect(transport.info.tls?.isVerified).toBe(true);
  });

  test('sends names as SNI, and no addresses', async () => {
    const names: (string | false | null)[] = [];
    const server = tls.createServer(own, (socket) => {
      names.push(socket.servername);
      socket.on('error', () => undefined).destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    for (const host of ['localhost', '127.0.0.1']) {
      const client = new Recorder();
      await loop.connect(() => client, { host, port }, { tls: { ca } });
      await client.lost;
    }
    server.close();
    expect(names).toEqual(['localhost', false]);
  });
});

describe('listen with TLS', () => {
  test('counts handshakes that fail, and reports none of them', async () => {
    const accepted: Recorder[] = [];
    const server = await loop.listen(
      () => {
        accepted.push(new Recorder());
        return accepted.at(-1) ?? new Recorder();
      },
      HERE,
      { tls: { ...own, handshakeTimeoutMs: 30 } },
    );
    const port = portOf(server);
    const clients = ['GET / HTTP/1.1\r\n\r\n', '\u0016\u0003\u0001\u0002\u0000\u0001', ''].map(
      (text) =>
        new Promise((resolve) => {
          const socket = net.connect({ port, host: '127.0.0.1' }, () => socket.write(text));
          socket.on('error', () => undefined).on('close', resolve);
          socket.resume();
        }),
    );
    await Promise.all(clients);
    await failed(loop.connect(() => new Recorder(), target(server), { tls: { ca: testCertificates.otherCa } }));
    await expect.poll(() => loop.metrics().failedHandshakes).toBe(5); // that one on both sides
    expect(accepted).toEqual([]);
    expect(server.connectionCount).toBe(0);
    expect(loop.metrics().totalConnections).toBe(0);
  });

  test('takes an end of the connection without an end of TLS for an end of data', async () => {
    const recorder = new Recorder();
    const server = await loop.listen(() => recorder, HERE, { tls: own });
    const raw = net.connect({ port: portOf(server), host: '127.0.0.1' });
    const client = tls.connect({ socket: raw, ca, host: '127.0.0.1' });
    await new Promise((resolve) => client.once('secureConnect', resolve));
    client.write(pattern(100), () => raw.end());
    expect(await recorder.lost).toBe(null);
    expect(recorder.story).toEqual(['connectionMade', 'dataReceived', 'eofReceived', 'connectionLost']);
    client.destroy();
  });

  test.each(['client', 'server'] as const)('loses a %s whose records are broken, with a TlsError', async (side) => {
    const ends = { client: new Recorder(), server: new Recorder() };
    const server = await loop.listen(() => ends.server, HERE, { tls: own });
    // Somebody on the line, who keeps both connections open.
    const onLine: Record<'client' | 'server', net.Socket[]> = { client: [], server: [] };
    const line = net.createServer({ allowHalfOpen: true }, (near) => {
      const far = net.connect({ port: portOf(server), host: '127.0.0.1', allowHalfOpen: true });
      onLine.client.push(near);
      onLine.server.push(far);
      for (const socket of [near, far]) socket.on('error', () => undefined);
      near.pipe(far, { end: false });
      far.pipe(near, { end: false });
    });
    await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve));
    const { port } = line.address() as net.AddressInfo;
    const { transport } = await loop.connect(() => ends.client, { host: '127.0.0.1', port }, { tls: { ca } });
    transport.write(pattern(10));
    await ends.server.until(() => ends.server.byteCount === 10);
    for (const socket of [...onLine.client, ...onLine.server]) socket.unpipe();
    onLine[side][0]?.write('this is not a record of TLS');
    const error = await ends[side].lost;
    expect(error).toBeInstanceOf(TlsError);
    expect(error?.message).toMatch(/^TLS was broken: /);
    for (const socket of [...onLine.client, ...onLine.server]) socket.destroy();
    line.close();
    await Promise.all([ends.client.lost, ends.server.lost]);
  });

  test('does not negotiate anew', async () => {
    const recorder = new Recorder();
    const server = await loop.listen(() => recorder, HERE, { tls: { ...own, maxVersion: 'TLSv1.2' } });
    const client = tls.connect({ port: portOf(server), host: '127.0.0.1', ca });
    client.on('error', () => undefined);
    await new Promise((resolve) => client.once('secureConnect', resolve));
    client.renegotiate({}, () => undefined);
    expect(await recorder.lost).toBeInstanceOf(TlsError);
    client.destroy();
  });
});

describe('startTls', () => {
  test('talks to clients and servers that are not ours', async () => {
    const server = new Recorder({
      onData: (chunk, transport) => {
        if (transport.info.tls !== undefined) return;
        expect(String.fromCharCode(...chunk)).toBe('tls?');
        transport.write(Uint8Array.of(0x53));
        void transport.startTls({ side: 'server', ...own });
        transport.write(pattern(1000));
      },
    });
    const listening = await loop.listen(() => server, HERE);
    const raw = net.connect({ port: portOf(listening), host: '127.0.0.1' }, () => raw.write('tls?'));
    expect(await new Promise((resolve) => raw.once('data', resolve))).toEqual(Buffer.from('S'));
    raw.pause();
    const client = tls.connect({ socket: raw, ca, host: '127.0.0.1' });
    const chunks: Buffer[] = [];
    client.on('data', (chunk: Buffer) => chunks.push(chunk));
    client.write(pattern(2000));
    await server.until(() => server.byteCount === 2004);
    await expect.poll(() => Buffer.concat(chunks).equals(pattern(1000))).toBe(true);
    expect(client.authorized).toBe(true);
    client.destroy();
    await server.lost;
  });

  test('counts bytes and chunks as before, of what the protocols see', async () => {
    const server = new Recorder();
    const listening = await loop.listen(() => server, HERE);
    const client = new Recorder();
    const { transport } = await loop.connect(() => client, target(listening));
    transport.write(pattern(100));
    await server.until(() => server.byteCount === 100);
    await Promise.all([server.transport.startTls({ side: 'server', ...own }), transport.startTls({ ca })]);
    transport.write(pattern(1000));
    transport.close();
    await Promise.all([server.lost, client.lost]);
    const { bytesRead, bytesWritten, chunksWritten, failedHandshakes } = loop.metrics();
    expect({ bytesRead, bytesWritten, chunksWritten, failedHandshakes }).toEqual({
      bytesRead: 1100,
      bytesWritten: 1100,
      chunksWritten: 2,
      failedHandshakes: 0,
    });
  });

  test('gives up its deadline in the middle of sending what was written before', async () => {
    const server = new Recorder({
      onMade: (transport) => {
        transport.pauseReading();
      },
    });
    const listening = await loop.listen(() => server, HERE);
    const client = new Recorder();
    const { transport } = await loop.connect(() => client, target(listening));
    transport.write(new Uint8Array(16 << 20));
    const changing = transport.startTls({ ca, timeoutMs: 50 });
    await expect(changing).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(await client.lost).toMatchObject({ name: 'TimeoutError' });
    server.transport.abort();
  });

  test('is called off by a signal whose reason is no error', async () => {
    const listening = await loop.listen(() => new Recorder(), HERE);
    const client = new Recorder();
    const { transport } = await loop.connect(() => client, target(listening));
    const changing = transport.startTls({ ca, signal: AbortSignal.abort('changed my mind') });
    await expect(changing).rejects.toBe('changed my mind');
    const error = await client.lost;
    expect(error).toBeInstanceOf(TlsError);
    expect(error?.cause).toBe('changed my mind');
  });

  test('tells a peer that goes away in the middle of sending what was written before', async () => {
    const server = new Recorder({
      onMade: (transport) => {
        transport.pauseReading();
      },
    });
    const listening = await loop.listen(() => server, HERE);
    const client = new Recorder();
    const { transport } = await loop.connect(() => client, target(listening));
    transport.write(new Uint8Array(16 << 20));
    const changing = transport.startTls({ ca });
    server.transport.abort();
    await expect(changing).rejects.toMatchObject({
      name: expect.stringMatching(/TlsError|ConnectionLostError/) as string,
    });
    expect(await client.lost).toBeInstanceOf(Error);
  });

  test('reports a peer that shows another certificate than it should, with the reason', async () => {
    const server = new Recorder();
    const listening = await loop.listen(() => server, HERE);
    const client = new Recorder();
    const { transport } = await loop.connect(() => client, target(listening));
    const atServer = failed(server.transport.startTls({ side: 'server', ...otherName }));
    const error = await failed(transport.startTls({ ca, serverName: 'not-this.test' }));
    expect(error.reason).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(await client.lost).toBe(error);
    expect(await server.lost).toBe(await atServer);
  });

  test.each(['client', 'server'] as const)(
    'of a %s does not keep the loop from closing, however far it is',
    { timeout: 30_000 },
    async (side) => {
      const options = { client: { ca }, server: { side: 'server', ...own } } as const;
      for (let turns = 0; turns < 8; turns++) {
        const closing = nodePolicy.newLoop();
        const server = new Recorder();
        const listening = await (side === 'server' ? closing : loop).listen(() => server, HERE);
        const client = new Recorder();
        await (side === 'client' ? closing : loop).connect(() => client, target(listening));
        const recorder = side === 'client' ? client : server;
        await server.until(() => server.events.length > 0);
        const changing = recorder.transport.startTls(options[side]).catch((error: unknown) => error);
        for (let i = 0; i < turns; i++) await Promise.resolve();
        await closing.close();
        expect([turns, await changing]).toEqual([turns, expect.any(TransportClosedError)]);
        expect(await recorder.lost).toBe(null);
      }
    },
  );

  test('of many connections at once changes each of them', async () => {
    const servers: Recorder[] = [];
    const listening = await loop.listen(() => {
      const recorder = new Recorder({
        onMade: (transport) => void transport.startTls({ side: 'server', ...own }),
      });
      servers.push(recorder);
      return recorder;
    }, HERE);
    const clients = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const client = new Recorder();
        const { transport } = await loop.connect(() => client, target(listening));
        await transport.startTls({ ca });
        transport.write(pattern(i + 1));
        transport.close();
        return client;
      }),
    );
    for (const client of clients) expect(await client.lost).toBe(null);
    await Promise.all(servers.map((server) => server.lost));
    const sizes = servers.map((server) => server.byteCount).sort((a, b) => a - b);
    expect(sizes).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });
});
