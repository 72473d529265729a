import { afterEach, beforeEach, expect, test } from 'vitest';
import { IdleTimeoutError, nodePolicy, withLimits, type LimitOptions, type Loop, type Server } from '../src/index.js';
import { testCertificates } from '../src/testing/certificates.js';
import { BufferedRecorder, pattern, Recorder } from './recorder.js';

let loop: Loop;
beforeEach(() => {
  loop = nodePolicy.newLoop();
});
afterEach(() => loop.close());

const listen = (factory: () => Recorder | BufferedRecorder, options: LimitOptions): Promise<Server> =>
  loop.listen(withLimits(factory, options), 'tcp://127.0.0.1:0');

async function connect(server: Server): Promise<Recorder> {
  const { protocol } = await loop.connect(() => new Recorder(), server.address);
  return protocol;
}

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    loop.callLater(1, resolve);
  });

test('`perPeer` counts the connections of each address, over all servers that share the factory', async () => {
  const refusals: unknown[] = [];
  const factory = withLimits(() => new Recorder(), {
    total: 4,
    perPeer: 2,
    onRefused: ({ reason, info }) => refusals.push([reason, info.remoteAddress]),
  });
  const servers = await Promise.all(
    ['127.0.0.1', '127.0.0.1', '::1'].map((host) => loop.listen(factory, { host, port: 0 })),
  );
  const [one, two, six] = servers as [Server, Server, Server];
  const first = await connect(one);
  await connect(two);
  const refused = await connect(two);
  await refused.lost;
  expect(refused.story).not.toContain('dataReceived');
  await connect(six);
  await connect(six);
  const overTotal = await connect(six);
  await overTotal.lost;
  expect(refusals).toEqual([
    ['perPeer', '127.0.0.1'],
    ['total', '::1'],
  ]);
  expect(factory.stats).toMatchObject({ open: 4, peers: 2, admitted: 4, refusedPerPeer: 1, refusedTotal: 1 });
  first.transport.close();
  while (factory.stats.open > 3) await turn();
  const again = await connect(one);
  again.transport.write(pattern(1));
  await Promise.all(servers.map((server) => server.close({ graceMs: 0 })));
  expect(factory.stats).toMatchObject({ open: 0, peers: 0 });
});

test('connections without an address, on unix sockets, count for `total` only', async () => {
  const factory = withLimits(() => new Recorder(), { perPeer: 1, total: 2 });
  const path = `/tmp/millrace-limits-${process.pid}`;
  await loop.listen(factory, { path });
  for (let i = 0; i < 2; i++) await loop.connect(() => new Recorder(), { path });
  const { protocol } = await loop.connect(() => new Recorder(), { path });
  await protocol.lost;
  expect(factory.stats).toMatchObject({ open: 2, peers: 0, refusedTotal: 1, refusedPerPeer: 0 });
});

test('an idle connection is aborted, and one that is not goes on', async () => {
  const accepted: Recorder[] = [];
  const server = await listen(
    () => {
      const recorder = new Recorder();
      accepted.push(recorder);
      return recorder;
    },
    { idleMs: 60 },
  );
  const [idle, busy] = [await connect(server), await connect(server)];
  const beat = (): void => {
    if (busy.transport.isClosing) return;
    busy.transport.write(pattern(1));
    loop.callLater(5, beat);
  };
  beat();
  expect(await accepted[0]?.lost).toBeInstanceOf(IdleTimeoutError);
  await idle.lost;
  await busy.until(() => (accepted[1]?.byteCount ?? 0) > 0);
  expect(accepted[1]?.isLost).toBe(false);
});

test('throttled both ways, what is echoed is exact, and the server closes after it without cutting anybody', async () => {
  const server = await listen(
    () =>
      new Recorder({
        onData: (chunk, transport) => {
          transport.write(chunk);
        },
      }),
    { bytesPerSec: { read: 2e6, write: 1e6 } },
  );
  const client = await connect(server);
  client.transport.write(pattern(250_000));
  await client.until(() => client.byteCount > 100_000);
  client.transport.pauseReading();
  for (let i = 0; i < 20; i++) await turn();
  client.transport.resumeReading();
  await client.until(() => client.byteCount === 250_000);
  expect(client.bytes).toEqual(pattern(250_000));
  expect(await server.close()).toEqual({ drained: 1, cut: 0, cutPeers: [] });
});

test('a server that closes waits for what waits for the rate, and counts as cut who had to go before', async () => {
  const sender = (): Recorder =>
    new Recorder({
      onMade: (transport) => {
        transport.write(pattern(150_000));
      },
    });
  const server = await listen(sender, { bytesPerSec: { write: 1e6 } });
  const client = await connect(server);
  await client.until(() => client.byteCount > 0);
  expect(await server.close()).toMatchObject({ drained: 1, cut: 0 });
  await client.lost;
  expect(client.bytes).toEqual(pattern(150_000));
  const slow = await listen(sender, { bytesPerSec: { write: 1000 } });
  const cut = await connect(slow);
  await cut.until(() => cut.byteCount > 0);
  expect(await slow.close({ graceMs: 10 })).toMatchObject({ drained: 0, cut: 1 });
});

test('closeRequested reaches the protocol, also one with memory of its own', async () => {
  const asked: string[] = [];
  const make = (name: string, recorder: Recorder, protocol: Recorder | BufferedRecorder): Recorder | BufferedRecorder =>
    Object.assign(protocol, {
      closeRequested: () => {
        asked.push(name);
        recorder.transport.write(pattern(10));
        recorder.transport.close();
      },
    });
  const [one, two] = [new Recorder(), new Recorder()];
  const protocols = [make('chunks', one, one), make('buffer', two, new BufferedRecorder(two, 64))];
  const server = await listen(() => protocols.shift() ?? new Recorder(), { total: 2 });
  const clients = [await connect(server), await connect(server)];
  for (const client of clients) client.transport.write(pattern(1000));
  await Promise.all([one.until(() => one.byteCount === 1000), two.until(() => two.byteCount === 1000)]);
  await server.close();
  await Promise.all(clients.map((client) => client.lost));
  expect(asked.sort()).toEqual(['buffer', 'chunks']);
  expect(clients.map((client) => client.byteCount)).toEqual([10, 10]);
});

test('connect() takes limits, too; the throttling transport is the one of connectionMade', async () => {
  const accepted = new Recorder();
  const server = await loop.listen(() => accepted, 'tcp://127.0.0.1:0');
  const client = new Recorder();
  const factory = withLimits(() => client, { bytesPerSec: { write: 1e6 } });
  const { transport } = await loop.connect(factory, server.address);
  expect(client.transport).not.toBe(transport);
  client.transport.write(pattern(150_000));
  client.transport.close();
  await accepted.until(() => accepted.byteCount === 150_000);
  expect(accepted.bytes).toEqual(pattern(150_000));
  expect(factory.stats.writeDelays).toBeGreaterThan(0);
});

test('five hundred connections that come and go under all limits leave nothing behind', async () => {
  const factory = withLimits(() => new Recorder(), { total: 100, perPeer: 100, bytesPerSec: 1e6, idleMs: 10_000 });
  const server = await loop.listen(factory, 'tcp://127.0.0.1:0');
  for (let round = 0; round < 10; round++) {
    const clients = await Promise.all(Array.from({ length: 50 }, () => connect(server)));
    for (const [i, client] of clients.entries()) {
      client.transport.write(pattern(100));
      if (i % 2 === 0) client.transport.abort();
      else client.transport.close();
    }
    await Promise.all(clients.map((client) => client.lost));
  }
  while (loop.metrics().openConnections > 0) await turn();
  expect(factory.stats).toMatchObject({ open: 0, peers: 0 });
  expect(factory.stats.admitted + factory.stats.refusedTotal + factory.stats.refusedPerPeer).toBe(500);
});

test('what waits for the rate leaves before TLS starts, and limits hold within it', async () => {
  const { ca, server: own } = testCertificates;
  const accepted = new Recorder({
    onMade: (transport) => {
      transport.write(pattern(1000));
      void transport.startTls({ side: 'server', ...own }).then(() => {
        transport.write(pattern(400));
        transport.close();
      });
    },
  });
  const server = await listen(() => accepted, { bytesPerSec: { write: 5000 }, idleMs: 10_000 });
  const client = await connect(server);
  await client.until(() => client.byteCount === 1000);
  await client.transport.startTls({ ca, serverName: 'localhost' });
  await client.lost;
  expect(accepted.transport.info.tls?.protocol).toBe('TLSv1.3');
  expect(client.bytes.subarray(1000)).toEqual(pattern(400));
});
