import { readdirSync } from 'node:fs';
import net from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { nodePolicy, type Loop } from '../src/index.js';
import { testCertificates } from '../src/testing.js';
import { Recorder } from './recorder.js';

const { ca, otherCa, server: own } = testCertificates;
const loops: Loop[] = [];

afterEach(async () => {
  await Promise.all(loops.splice(0).map((loop) => loop.close()));
});

function newLoop(): Loop {
  const loop = nodePolicy.newLoop();
  loops.push(loop);
  return loop;
}

/** What the process has open. */
function open(): { files: number; active: number } {
  return {
    files: process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0,
    active: process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Timeout/.test(name)).length,
  };
}

const ways: readonly (readonly [string, (loop: Loop, port: number) => Promise<unknown>])[] = [
  [
    'that fail on the client',
    (loop, port) => loop.connect(() => new Recorder(), `tcp://127.0.0.1:${port}`, { tls: { ca: otherCa } }),
  ],
  [
    'that the client gives up',
    (loop, port) =>
      loop.connect(() => new Recorder(), `tcp://127.0.0.1:${port}`, { tls: { ca }, signal: AbortSignal.timeout(1) }),
  ],
  [
    'that fail on the server',
    (_, port) =>
      new Promise((resolve) => {
        const socket = net.connect({ port, host: '127.0.0.1' }, () => socket.write('hello, hello, hello'));
        socket.on('error', () => undefined).on('close', resolve);
        socket.resume();
      }),
  ],
  [
    'that go well, and connections that end',
    async (loop, port) => {
      const client = new Recorder();
      const { transport } = await loop.connect(() => client, `tcp://127.0.0.1:${port}`, { tls: { ca } });
      transport.close();
      await client.lost;
    },
  ],
  [
    'in the middle of a connection, given up',
    async (loop, port) => {
      const client = new Recorder();
      const { transport } = await loop.connect(() => client, `tcp://127.0.0.1:${port}`);
      await transport.startTls({ ca, timeoutMs: 1 }).catch(() => undefined);
      transport.abort();
      await client.lost;
    },
  ],
];

test.each(ways)('handshakes %s leave no socket and no timer', async (_, run) => {
  const loop = newLoop();
  const server = await loop.listen(() => new Recorder(), 'tcp://127.0.0.1:0', { tls: own });
  const round = async (): Promise<void> => {
    await Promise.all(Array.from({ length: 20 }, () => run(loop, server.address.port ?? 0).catch(() => undefined)));
    await expect.poll(() => loop.metrics().openConnections).toBe(0);
  };
  await round();
  await expect.poll(() => server.connectionCount).toBe(0);
  const before = open();
  for (let i = 0; i < 5; i++) await round();
  await expect
    .poll(() => {
      const now = open();
      return now.files <= before.files + 2 && now.active <= before.active + 2;
    })
    .toBe(true);
});
