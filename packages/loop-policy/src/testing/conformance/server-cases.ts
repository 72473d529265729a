import type { AnyProtocol } from '../contract.js';
import type { ConformanceCase } from './case.js';
import type { Lab } from './lab.js';
import type { Recorder } from './recorder.js';
import { lateClientCases } from './late-client-cases.js';
import { serverCloseCases } from './server-close-cases.js';

/** How servers listen and accept. */
const acceptCases: readonly ConformanceCase[] = [
  {
    name: 'server: port 0 becomes a free port, which its address tells',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const [one, two] = [await lab.listen(loop, () => lab.recorder()), await lab.listen(loop, () => lab.recorder())];
      lab.equal(one.address.host, '127.0.0.1', 'the host');
      lab.check((one.address.port ?? 0) > 0, 'a port above 0');
      lab.check(one.address.port !== two.address.port, 'two servers to have different ports');
      lab.equal(one.address.path, undefined, 'the path');
    },
  },
  {
    name: 'server: each connection gets a protocol of its own, and is counted while it is open',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const accepted: Recorder[] = [];
      const server = await lab.listen(loop, () => {
        const recorder = lab.recorder();
        accepted.push(recorder);
        return recorder;
      });
      const [first] = [
        await loop.connect(() => lab.recorder(), lab.endpointOf(server)),
        await loop.connect(() => lab.recorder(), lab.endpointOf(server)),
      ];
      await lab.until(loop, () => accepted.length === 2);
      lab.equal(server.connectionCount, 2, 'open connections');
      first.transport.close();
      await accepted[0]?.lost;
      await lab.until(loop, () => server.connectionCount === 1);
    },
  },
  {
    name: 'server: a hundred connections at once are all accepted',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const server = await lab.listen(loop, () =>
        lab.recorder({
          onMade: (transport) => {
            transport.write(lab.pattern(100));
          },
        }),
      );
      const clients = Array.from({ length: 100 }, () => lab.recorder());
      await Promise.all(clients.map((client) => loop.connect(() => client, lab.endpointOf(server))));
      await Promise.all(clients.map((client) => client.until(() => client.byteCount === 100)));
      lab.equal(server.connectionCount, 100, 'open connections');
    },
  },
  {
    name: 'server: an accepted transport tells the addresses of both ends',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const pair = await lab.connectPair(lab.recorder(), lab.recorder());
      const { client, server } = pair;
      lab.equal(server.info.remotePort, client.info.localPort, 'the port of the peer');
      lab.equal(server.info.localPort, pair.listener.address.port, 'our port');
      lab.equal(server.info.remoteAddress, '127.0.0.1', 'the address of the peer');
      lab.check(server.loop === pair.loop, 'the transport to name the loop that listens');
    },
  },
  {
    name: 'server: an address in use, or not ours, is refused with a ListenError that names it',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const server = await lab.listen(loop, () => lab.recorder());
      const taken = loop.listen(() => lab.recorder(), lab.endpointOf(server));
      const error = await lab.rejects(taken, 'ListenError', 'an address in use');
      lab.check(error.message.includes(String(server.address.port)), `the message to name the port: ${error.message}`);
      lab.equal((error as Error & { code?: unknown }).code, 'ERR_LOOP_POLICY_LISTEN', 'the code');
      lab.check(error.cause !== undefined, 'a cause');
      const foreign = loop.listen(() => lab.recorder(), { host: '192.0.2.1', port: 0 });
      await lab.rejects(foreign, 'ListenError', 'an address of somebody else');
      lab.equal(loop.metrics().openServers, 1, 'open servers');
    },
  },
  {
    name: 'server: what is no endpoint is refused, and a closed loop does not listen',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      await lab.rejects(
        loop.listen(() => lab.recorder(), 'nonsense'),
        'TypeError',
        'what is no endpoint',
      );
      const badPort = loop.listen(() => lab.recorder(), { host: '127.0.0.1', port: 65_536 });
      await lab.rejects(badPort, 'RangeError', 'a port that there is not');
      await loop.close();
      await lab.rejects(
        lab.listen(loop, () => lab.recorder()),
        'LoopClosedError',
        'listening after close()',
      );
    },
  },
  {
    name: 'server: its port can be listened on again once it is closed, although its connections were many',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const server = await lab.listen(loop, () => lab.recorder());
      const clients = Array.from({ length: 10 }, () => lab.recorder());
      for (const client of clients) await loop.connect(() => client, lab.endpointOf(server));
      await lab.until(loop, () => server.connectionCount === 10);
      await server.close();
      const again = await loop.listen(() => lab.recorder(), lab.endpointOf(server));
      lab.equal(again.address, server.address, 'the address of the second server');
      await loop.connect(() => lab.recorder(), lab.endpointOf(again));
      await lab.until(loop, () => again.connectionCount === 1);
    },
  },
  {
    name: 'server: a factory that throws loses that connection only, and is reported once',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const failure = new Error('no protocol today');
      let calls = 0;
      const server = await lab.listen(loop, () => {
        if (calls++ === 0) throw failure;
        return lab.recorder();
      });
      const refused = lab.recorder();
      await loop.connect(() => refused, lab.endpointOf(server));
      await refused.lost;
      await loop.connect(() => lab.recorder(), lab.endpointOf(server));
      await lab.until(loop, () => server.connectionCount === 1);
      lab.equal(lab.uncaught(loop), [failure], 'what the loop reported');
    },
  },
  {
    name: 'server: a factory that returns no protocol loses that connection only, and is reported as a TypeError',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const made: unknown[] = [{ connectionMade: () => undefined }];
      const server = await lab.listen(loop, () => (made.shift() ?? lab.recorder()) as AnyProtocol);
      const refused = lab.recorder();
      await loop.connect(() => refused, lab.endpointOf(server));
      await refused.lost;
      await loop.connect(() => lab.recorder(), lab.endpointOf(server));
      await lab.until(loop, () => server.connectionCount === 1);
      const names = lab.uncaught(loop).map((error) => (error as Error).name);
      lab.equal(names, ['TypeError'], 'what the loop reported');
    },
  },
  {
    name: 'server: a protocol that throws in connectionMade loses its own connection',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const failure = new Error('not this one');
      const [client, server] = [
        lab.recorder(),
        lab.recorder({
          onMade: () => {
            throw failure;
          },
        }),
      ];
      const pair = await lab.connectPair(client, server);
      lab.equal(await server.lost, failure, 'what the protocol was told');
      await client.lost;
      lab.equal(lab.uncaught(pair.loop), [failure], 'what the loop reported');
      lab.equal(server.events, ['connectionMade', 'connectionLost'], 'what the protocol heard');
    },
  },
  {
    name: 'server: clients that reset at once, or end at once, do not disturb it',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const server = await lab.listen(loop, () => lab.recorder());
      const leaving = Array.from({ length: 20 }, () => lab.recorder());
      await Promise.all(
        leaving.map(async (client, i) => {
          const { transport } = await loop.connect(() => client, lab.endpointOf(server));
          if (i % 2 === 0) transport.abort();
          else transport.close();
          await client.lost;
        }),
      );
      await loop.connect(() => lab.recorder(), lab.endpointOf(server));
      await lab.until(loop, () => server.connectionCount === 1 && loop.metrics().openConnections === 2);
    },
  },
  {
    name: 'server: a connection that is closed or aborted inside connectionMade is not counted for long',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const ways = ['close', 'abort'] as const;
      let accepted = 0;
      const server = await lab.listen(loop, () =>
        lab.recorder({
          onMade: (transport) => {
            transport[ways[accepted++ % 2] ?? 'close']();
          },
        }),
      );
      const clients = [lab.recorder(), lab.recorder(), lab.recorder()];
      for (const client of clients) await loop.connect(() => client, lab.endpointOf(server));
      await Promise.all(clients.map((client) => client.lost));
      await lab.until(loop, () => server.connectionCount === 0);
      lab.equal(accepted, 3, 'accepted connections');
    },
  },
  {
    name: 'server: one on a unix socket accepts, refuses a path in use, and removes its file when it closes',
    needs: ['unix'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const server = await lab.listen(loop, () => lab.recorder(), 'unix');
      const { path } = server.address;
      lab.check(typeof path === 'string' && path !== '', 'a path in the address');
      lab.equal([server.address.host, server.address.port], [undefined, undefined], 'host and port');
      await loop.connect(() => lab.recorder(), lab.endpointOf(server));
      await lab.until(loop, () => server.connectionCount === 1);
      await lab.rejects(
        loop.listen(() => lab.recorder(), { path }),
        'ListenError',
        'a path in use',
      );
      await server.close();
      const again = await loop.listen(() => lab.recorder(), { path });
      lab.equal(again.address.path, path, 'the path of the second server');
    },
  },
  {
    name: 'server: one on ::1 accepts, and tells IPv6 addresses',
    needs: ['ipv6'],
    run: async (lab: Lab) => {
      const pair = await lab.connectPair(lab.recorder(), lab.recorder(), { kind: 'tcp6' });
      lab.equal(pair.server.info.remoteAddress, '::1', 'the address of the peer');
      lab.equal(pair.listener.address.host, '::1', 'the address of the server');
    },
  },
  {
    name: 'server: ipv6Only on :: leaves the same port of IPv4 free',
    needs: ['tcp', 'ipv6'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const six = await loop.listen(() => lab.recorder(), { host: '::', port: 0 }, { ipv6Only: true });
      const port = six.address.port ?? 0;
      const four = await loop.listen(() => lab.recorder(), { host: '0.0.0.0', port });
      await loop.connect(() => lab.recorder(), { host: '127.0.0.1', port });
      await lab.until(loop, () => four.connectionCount === 1);
      await loop.connect(() => lab.recorder(), { host: '::1', port });
      await lab.until(loop, () => six.connectionCount === 1);
    },
  },
  {
    name: 'server: the watermarks of listen() are those of its connections',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const watermarks = { highWaterBytes: 10, lowWaterBytes: 0 };
      const server = lab.recorder();
      const client = lab.recorder();
      const pair = await lab.connectPair(client, server, { listen: { watermarks } });
      pair.server.write(lab.pattern(11));
      lab.equal(server.events, ['connectionMade', 'pauseWriting'], 'what the server heard');
      await server.until(() => server.count('resumeWriting') === 1);
    },
  },
  {
    name: 'server: metrics count what it accepts and what is open',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const { client, listener, loop } = await lab.connectPair(lab.recorder(), lab.recorder());
      const { openServers, openConnections, totalConnections } = loop.metrics();
      lab.equal([openServers, openConnections, totalConnections], [1, 2, 2], 'open servers, open and all connections');
      client.close();
      await listener.close();
      await lab.until(loop, () => loop.metrics().openConnections === 0);
      lab.equal([loop.metrics().openServers, loop.metrics().totalConnections], [0, 2], 'the same at the end');
    },
  },
];

/** How servers listen, accept and close. */
export const serverCases: readonly ConformanceCase[] = [...acceptCases, ...serverCloseCases, ...lateClientCases];
