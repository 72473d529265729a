import { testCertificates } from '../certificates.js';
import type { ConformanceCase } from './case.js';
import type { Lab } from './lab.js';
import { carries, CLIENT, refused, refusingServer, SERVER } from './tls-pair.js';

const HTTP = new TextEncoder().encode('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');

/** Handshakes that fail, or take long. */
export const tlsHandshakeCases: readonly ConformanceCase[] = [
  {
    name: 'TLS: a server that does not speak TLS is refused, and gets nothing in the clear',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const server = lab.recorder({
        onData: (_, transport) => {
          transport.write(HTTP);
        },
      });
      await refused(lab, loop, await lab.listen(loop, () => server), {});
      lab.equal(server.bytes[0], 0x16, 'the first byte, which says that a handshake follows');
      await server.lost;
    },
  },
  {
    name: 'TLS: a server that ends the connection in the middle of the handshake is refused',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const server = lab.recorder({
        onData: (_, transport) => {
          transport.close();
        },
      });
      await refused(lab, loop, await lab.listen(loop, () => server), {});
    },
  },
  {
    name: 'TLS: clients that do not speak it get no protocol, and disturb nobody',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const { loop, server, accepted } = await refusingServer(lab);
      const endpoint = lab.endpointOf(server);
      const [talker, leaver] = [lab.recorder(), lab.recorder()];
      const talking = await loop.connect(() => talker, endpoint);
      talking.transport.write(HTTP);
      const leaving = await loop.connect(() => leaver, endpoint);
      leaving.transport.close();
      await Promise.all([talker.lost, leaver.lost]);
      const good = lab.recorder();
      const { transport } = await loop.connect(() => good, endpoint, { tls: CLIENT });
      await lab.until(loop, () => accepted.length > 0);
      lab.equal(accepted.length, 1, 'connections of the server');
      const [atServer] = accepted;
      if (atServer !== undefined) await carries(lab, transport, atServer, lab.pattern(1000));
    },
  },
  {
    name: 'TLS: a client that does not begin its handshake in time is cut',
    needs: ['tcp', 'tls', 'realTime'],
    run: async (lab: Lab) => {
      const { loop, server, accepted } = await refusingServer(lab, { handshakeTimeoutMs: 50 });
      const silent = lab.recorder();
      await loop.connect(() => silent, lab.endpointOf(server));
      await silent.lost;
      lab.equal(accepted.length, 0, 'connections of the server');
    },
  },
  {
    name: 'TLS: connect() is called off by its timeout during the handshake, and leaves no connection',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const silent = lab.recorder();
      const server = await lab.listen(loop, () => silent);
      const factory = () => lab.recorder();
      const connecting = loop.connect(factory, lab.endpointOf(server), { tls: CLIENT, timeoutMs: 50 });
      await lab.rejects(connecting, 'TimeoutError', 'connect() to fail');
      await silent.lost;
      lab.equal(loop.metrics().totalConnections, 1, 'connections that were made');
    },
  },
  {
    name: 'TLS: connect() is called off by its signal during the handshake, with its reason',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const reason = new Error('changed my mind');
      const controller = new AbortController();
      const silent = lab.recorder({
        onData: () => {
          controller.abort(reason);
        },
      });
      const server = await lab.listen(loop, () => silent);
      const factory = () => lab.recorder();
      const { signal } = controller;
      const connecting = loop.connect(factory, lab.endpointOf(server), { tls: CLIENT, signal });
      await lab.rejects(connecting, reason, 'connect() to fail');
      await silent.lost;
    },
  },
  {
    name: 'TLS: a server that is closed gives up its handshakes at once',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const { loop, server, accepted } = await refusingServer(lab);
      const silent = lab.recorder();
      await loop.connect(() => silent, lab.endpointOf(server));
      await lab.settle(loop);
      const report = await server.close({ graceMs: 60_000 });
      lab.equal(report.drained + report.cut, 0, 'connections that were open');
      lab.equal(accepted.length, 0, 'connections of the server');
      await silent.lost;
    },
  },
  {
    name: 'TLS: a loop that is closed gives up handshakes on both sides',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const { loop, server } = await refusingServer(lab);
      const other = lab.newLoop();
      const silent = lab.recorder();
      await other.connect(() => silent, lab.endpointOf(server));
      const mute = await lab.listen(other, () => lab.recorder());
      const connecting = loop.connect(() => lab.recorder(), lab.endpointOf(mute), { tls: CLIENT });
      const failed = lab.rejects(connecting, 'LoopClosedError', 'connect() to fail');
      await lab.settle(other);
      await loop.close();
      await failed;
      await silent.lost;
    },
  },
  {
    name: 'TLS: an error of the factory is told to the one who connects, after the handshake',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const server = await lab.listen(loop, () => lab.recorder(), 'tcp', { tls: SERVER });
      const reason = new Error('no protocol today');
      const factory = (): never => {
        throw reason;
      };
      const connecting = loop.connect(factory, lab.endpointOf(server), { tls: { ca: testCertificates.ca } });
      await lab.rejects(connecting, reason, 'connect() to fail');
      await lab.until(loop, () => server.connectionCount === 0);
    },
  },
];
