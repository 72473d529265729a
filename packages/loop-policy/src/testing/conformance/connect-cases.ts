import type { Loop, Server } from '../contract.js';
import type { ConformanceCase } from './case.js';
import type { Lab } from './lab.js';
import { Recorder } from './recorder.js';

/** A port of this machine on which nobody listens. */
async function freePort(lab: Lab, loop: Loop): Promise<number> {
  const server = await lab.listen(loop, () => lab.recorder());
  const { port } = server.address;
  await server.close();
  lab.check(port !== undefined, 'a TCP server to have a port');
  return port;
}

function portOf(lab: Lab, server: Server): number {
  const { port } = server.address;
  lab.check(port !== undefined, 'a TCP server to have a port');
  return port;
}

/** How connections are made, and how that fails. */
export const connectCases: readonly ConformanceCase[] = [
  {
    name: 'connect: connectionMade runs before connect() resolves',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const server = await lab.listen(loop, () => lab.recorder());
      const client = lab.recorder();
      const order: string[] = [];
      client.onMade = () => order.push('made');
      await loop.connect(() => client, lab.endpointOf(server)).then(() => order.push('resolved'));
      lab.equal(order, ['made', 'resolved'], 'the order');
    },
  },
  {
    name: 'connect: resolves with the protocol of the factory and the transport of connectionMade',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const server = await lab.listen(loop, () => lab.recorder());
      const client = lab.recorder();
      const made = await loop.connect(() => client, lab.endpointOf(server));
      lab.check(made.protocol === client, 'the protocol to be the one that the factory returned');
      lab.check(made.transport === client.transport, 'the transport to be the one that connectionMade got');
    },
  },
  {
    name: 'connect: both ends have connectionMade once, and the loop as their loop',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      await lab.settle(pair.loop);
      lab.equal([client.events, server.events], [['connectionMade'], ['connectionMade']], 'the callbacks');
      lab.check(pair.client.loop === pair.loop && pair.server.loop === pair.loop, 'transport.loop to be the loop');
    },
  },
  {
    name: 'connect: a refused connection is a ConnectError with the endpoint and the reason, and makes no protocol',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const port = await freePort(lab, loop);
      let calls = 0;
      const factory = (): Recorder => {
        calls++;
        return new Recorder();
      };
      const attempt = loop.connect(factory, { host: '127.0.0.1', port });
      const error = await lab.rejects(attempt, 'ConnectError', 'connecting to a closed port to be rejected');
      const { endpoint, reason, cause } = error as Error & { endpoint?: string; reason?: string };
      lab.equal(endpoint, `tcp://127.0.0.1:${port}`, 'the endpoint of the error');
      lab.equal(reason, 'ECONNREFUSED', 'the reason');
      lab.check(cause !== undefined, 'the error to have a cause');
      lab.equal(calls, 0, 'calls of the factory');
    },
  },
  {
    name: 'connect: takes addresses as text and as URL',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const server = await lab.listen(loop, () => lab.recorder());
      const address = `tcp://127.0.0.1:${portOf(lab, server)}`;
      for (const endpoint of [address, new URL(address)]) {
        const client = lab.recorder();
        await loop.connect(() => client, endpoint);
        lab.equal(client.events, ['connectionMade'], 'the callbacks');
      }
    },
  },
  {
    name: 'connect: resolves a name, and reaches a server that has only one of its addresses',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const server = await lab.listen(loop, () => lab.recorder());
      const client = lab.recorder();
      const { transport } = await loop.connect(() => client, { host: 'localhost', port: portOf(lab, server) });
      lab.equal(transport.info.remotePort, server.address.port, 'the port of the peer');
    },
  },
  {
    name: 'connect: reaches a server over IPv6',
    needs: ['tcp', 'ipv6'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server, { kind: 'tcp6' });
      lab.equal(pair.client.info.remoteAddress, '::1', 'the address of the peer');
      pair.client.write(lab.pattern(100));
      await server.until(() => server.byteCount === 100);
    },
  },
  {
    name: 'connect: refuses what is no endpoint with a TypeError, and a bad port with a RangeError',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      for (const bad of ['127.0.0.1', 'http://127.0.0.1:80', {}, null, 5]) {
        const attempt = loop.connect(() => lab.recorder(), bad as string);
        await lab.rejects(attempt, 'TypeError', `connecting to ${JSON.stringify(bad)} to be refused`);
      }
      const attempt = loop.connect(() => lab.recorder(), { host: '127.0.0.1', port: 65536 });
      await lab.rejects(attempt, 'RangeError', 'port 65536 to be refused');
    },
  },
  {
    name: 'connect: a signal that is aborted already rejects with its reason, and nobody sees a connection',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const peer = lab.recorder();
      const server = await lab.listen(loop, () => peer);
      const reason = new Error('not wanted');
      const attempt = loop.connect(() => lab.recorder(), lab.endpointOf(server), { signal: AbortSignal.abort(reason) });
      await lab.rejects(attempt, reason, 'connect() to reject with the reason of the signal');
      await lab.settle(loop);
      lab.equal(peer.events, [], 'what the server heard');
    },
  },
  {
    name: 'connect: an abort on the way rejects with the reason, and leaves no connection behind',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [loop, other] = [lab.newLoop(), lab.newLoop()];
      const peers: Recorder[] = [];
      const server = await lab.listen(other, () => peers[peers.push(lab.recorder()) - 1] as Recorder);
      const controller = new AbortController();
      const reason = new Error('changed my mind');
      const client = lab.recorder();
      const attempt = loop.connect(() => client, lab.endpointOf(server), { signal: controller.signal });
      controller.abort(reason);
      await lab.rejects(attempt, reason, 'connect() to reject with the reason of the signal');
      await lab.until(other, () => peers.every((peer) => peer.isLost));
      lab.equal(client.events, [], 'what the client heard');
      lab.equal(loop.metrics().openConnections, 0, 'open connections');
    },
  },
  {
    name: 'connect: a factory that throws rejects connect() with its error, and the connection is closed',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const peer = lab.recorder();
      const server = await lab.listen(loop, () => peer);
      const boom = new Error('no protocol today');
      const factory = (): Recorder => {
        throw boom;
      };
      await lab.rejects(loop.connect(factory, lab.endpointOf(server)), boom, 'connect() to reject with the error');
      await lab.until(loop, () => peer.isLost);
      lab.equal(loop.metrics().openConnections, 0, 'open connections');
    },
  },
  {
    name: 'connect: a closed loop rejects with LoopClosedError',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      await loop.close();
      const attempt = loop.connect(() => lab.recorder(), { host: '127.0.0.1', port: 1 });
      await lab.rejects(attempt, 'LoopClosedError', 'connect() of a closed loop to be rejected');
    },
  },
  {
    name: 'connect: loop.close() on the way rejects with LoopClosedError, and makes no protocol',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [loop, other] = [lab.newLoop(), lab.newLoop()];
      const server = await lab.listen(other, () => lab.recorder());
      const client = lab.recorder();
      const attempt = loop.connect(() => client, lab.endpointOf(server));
      const rejected = lab.rejects(attempt, 'LoopClosedError', 'connect() to be rejected');
      await loop.close();
      await rejected;
      lab.equal(client.events, [], 'what the client heard');
    },
  },
  {
    name: 'connect: fifty connections at once are all made, and keep their bytes apart',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const server = await lab.listen(loop, () =>
        lab.recorder({
          onData: (chunk, transport) => {
            transport.write(chunk);
          },
        }),
      );
      const clients = Array.from({ length: 50 }, () => lab.recorder());
      await Promise.all(clients.map((client) => loop.connect(() => client, lab.endpointOf(server))));
      clients.forEach((client, i) => {
        client.transport.write(new Uint8Array(100 + i).fill(i));
      });
      await Promise.all(clients.map((client, i) => client.until(() => client.byteCount === 100 + i)));
      clients.forEach((client, i) => {
        lab.equal(client.bytes, new Uint8Array(100 + i).fill(i), `what came back to client ${i}`);
      });
      lab.equal(server.connectionCount, 50, 'connections of the server');
    },
  },
  {
    name: 'connect: two loops of one policy talk to each other',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [here, there] = [lab.newLoop(), lab.newLoop()];
      const peer = lab.recorder();
      const server = await lab.listen(there, () => peer);
      const client = lab.recorder();
      await here.connect(() => client, lab.endpointOf(server));
      client.transport.write(lab.pattern(1000));
      await peer.until(() => peer.byteCount === 1000);
      peer.transport.write(lab.pattern(500));
      await client.until(() => client.byteCount === 500);
      lab.check(client.transport.loop === here && peer.transport.loop === there, 'each end to have its own loop');
    },
  },
  {
    name: 'connect: a unix socket carries bytes both ways, and its info has the path and no port',
    needs: ['unix'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server, { kind: 'unix' });
      pair.client.write(lab.pattern(100_000));
      pair.server.write(lab.pattern(50_000));
      await server.until(() => server.byteCount === 100_000);
      await client.until(() => client.byteCount === 50_000);
      lab.equal(server.bytes, lab.pattern(100_000), 'what the server received');
      const { path, remotePort, localPort } = pair.client.info;
      lab.equal([path, remotePort, localPort], [pair.listener.address.path, undefined, undefined], 'path and ports');
    },
  },
  {
    name: 'connect: on a unix socket a mebibyte goes each way, and one side may end before the other',
    needs: ['unix'],
    run: async (lab: Lab) => {
      const sent = lab.pattern(1 << 20);
      const [client, server] = [lab.recorder(), lab.recorder({ onEof: () => true })];
      const pair = await lab.connectPair(client, server, { kind: 'unix' });
      pair.client.write(sent);
      pair.client.writeEof();
      await server.until(() => server.events.includes('eofReceived'));
      pair.server.write(sent);
      pair.server.close();
      lab.equal(await Promise.all([client.lost, server.lost]), [null, null], 'how it ended');
      lab.equal(server.bytes, sent, 'what the server received');
      lab.equal(client.bytes, sent, 'what the client received');
    },
  },
  {
    name: 'connect: a unix path without a socket is a ConnectError, reason ENOENT',
    needs: ['unix'],
    run: async (lab: Lab) => {
      const attempt = lab.newLoop().connect(() => lab.recorder(), { path: lab.unixPath() });
      const error = await lab.rejects(attempt, 'ConnectError', 'connecting to a missing path to be rejected');
      lab.equal((error as Error & { reason?: string }).reason, 'ENOENT', 'the reason');
    },
  },
  {
    name: 'connect: info tells the same two addresses on both ends, also after the end',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const [near, far] = [pair.client.info, pair.server.info];
      lab.equal(near.remotePort, pair.listener.address.port, "the client's remote port");
      lab.equal([far.localPort, far.localAddress], [near.remotePort, near.remoteAddress], "the server's own address");
      lab.equal([far.remotePort, far.remoteAddress], [near.localPort, near.localAddress], "the client's address");
      lab.equal([near.path, near.tls], [undefined, undefined], 'path and TLS');
      const before = { ...near };
      pair.client.abort();
      await client.lost;
      lab.equal({ ...pair.client.info }, before, 'the info after the end');
    },
  },
  {
    name: 'connect: ref and unref leave the connection as it is',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.client.unref();
      pair.client.unref();
      pair.client.write(lab.pattern(10));
      await server.until(() => server.byteCount === 10);
      pair.client.ref();
      pair.server.write(lab.pattern(10));
      await client.until(() => client.byteCount === 10);
      pair.client.close();
      await client.lost;
      pair.client.ref();
      pair.client.unref();
    },
  },
];
