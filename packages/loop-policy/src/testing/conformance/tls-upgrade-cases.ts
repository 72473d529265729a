import type { ConformanceCase } from './case.js';
import type { Lab } from './lab.js';
import { carries, CLIENT, SERVER, upgradedPair } from './tls-pair.js';
import { testCertificates } from '../certificates.js';

const ASK = Uint8Array.of(0x3f);
const YES = Uint8Array.of(0x53);
const serverSide = { side: 'server', ...SERVER } as const;

/** How a connection changes to TLS. */
const changingCases: readonly ConformanceCase[] = [
  {
    name: 'startTls: the transport stays the same, and says what was agreed on',
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      lab.equal(pair.client.info.tls, undefined, 'info.tls before');
      const { remotePort } = pair.client.info;
      await Promise.all([pair.server.startTls(serverSide), pair.client.startTls(CLIENT)]);
      lab.equal(pair.client.info.tls?.isVerified, true, 'isVerified');
      lab.equal(pair.client.info.remotePort, remotePort, 'the port of the peer');
      lab.check(pair.server.info.tls !== undefined, 'info.tls at the server');
      await carries(lab, pair.client, server, lab.pattern(10));
      lab.equal(client.events, ['connectionMade'], 'what the client heard');
    },
  },
  {
    name: 'startTls: called in the callback that wrote the answer, the answer leaves in the clear, what follows does not',
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      const changes: Promise<void>[] = [];
      const server = lab.recorder({
        onData: (_, transport) => {
          if (changes.length > 1) return;
          transport.write(YES);
          changes.push(transport.startTls(serverSide));
          transport.write(lab.pattern(50_000));
        },
      });
      const client = lab.recorder({
        onData: (_, transport) => {
          if (changes.length > 1) return;
          changes.push(transport.startTls(CLIENT));
          transport.write(lab.pattern(70_000));
        },
      });
      const pair = await lab.connectPair(client, server);
      pair.client.write(ASK);
      await client.until(() => client.byteCount === 50_001);
      await server.until(() => server.byteCount === 70_001);
      await Promise.all(changes);
      lab.equal(client.bytes.subarray(1), lab.pattern(50_000), 'the bytes of the server');
      lab.equal(server.bytes.subarray(1), lab.pattern(70_000), 'the bytes of the client');
      lab.equal(client.chunks[0], YES, 'the answer');
      lab.check(pair.client.info.tls !== undefined, 'TLS to be spoken');
    },
  },
  ...(['client', 'server'] as const).map((side): ConformanceCase => ({
    name: `startTls: the ${side} is told of data and of the end only after those who awaited it have run`,
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      for (const bytes of [lab.pattern(10), new Uint8Array(0)]) {
        const [client, server] = [lab.recorder(), lab.recorder()];
        const pair = await lab.connectPair(client, server);
        const changes = { server: pair.server.startTls(serverSide), client: pair.client.startTls(CLIENT) };
        const sender = side === 'client' ? pair.server : pair.client;
        sender.write(bytes);
        sender.writeEof();
        const receiver = side === 'client' ? client : server;
        await changes[side];
        for (let i = 0; i < 10; i++) await Promise.resolve();
        lab.equal(receiver.events, ['connectionMade'], 'what it heard before');
        await Promise.all([changes.client, changes.server]);
        lab.equal(await receiver.lost, null, 'the error');
        lab.equal(receiver.bytes, bytes, 'the bytes that arrived');
      }
    },
  })),
  {
    name: 'startTls: reading that is paused before or meanwhile stays paused',
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.client.pauseReading();
      const changing = Promise.all([pair.server.startTls(serverSide), pair.client.startTls(CLIENT)]);
      for (let i = 0; i < 10; i++) await Promise.resolve(); // the handshake has begun
      pair.client.resumeReading();
      pair.client.pauseReading();
      pair.server.pauseReading();
      await changing;
      pair.client.write(lab.pattern(10));
      pair.server.write(lab.pattern(10));
      await lab.settle(pair.loop);
      lab.equal([client.byteCount, server.byteCount], [0, 0], 'bytes that were delivered');
      pair.client.resumeReading();
      pair.server.resumeReading();
      await client.until(() => client.byteCount === 10);
      await server.until(() => server.byteCount === 10);
    },
  },
  {
    name: 'startTls: end of data and close() that are asked for meanwhile come after what was written, encrypted',
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const changing = Promise.all([pair.server.startTls(serverSide), pair.client.startTls(CLIENT)]);
      pair.client.write(lab.pattern(100_000));
      pair.client.writeEof();
      pair.server.write(lab.pattern(200_000));
      pair.server.close();
      await changing;
      lab.equal(await client.lost, null, 'the error of the client');
      lab.equal(await server.lost, null, 'the error of the server');
      lab.equal(client.bytes, lab.pattern(200_000), 'the bytes of the server');
    },
  },
  {
    name: 'startTls: a transport that speaks TLS, or changes to it, or is closing, refuses and stays as it is',
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const changing = Promise.all([pair.server.startTls(serverSide), pair.client.startTls(CLIENT)]);
      await lab.rejects(pair.client.startTls(CLIENT), 'TransportClosedError', 'a second startTls() to fail');
      await changing;
      await lab.rejects(pair.client.startTls(CLIENT), 'TransportClosedError', 'startTls() with TLS to fail');
      await carries(lab, pair.client, server, lab.pattern(10));
      pair.client.close();
      await lab.rejects(pair.client.startTls(CLIENT), 'TransportClosedError', 'startTls() after close() to fail');
    },
  },
  {
    name: 'startTls: options that cannot work are refused, and the connection goes on in the clear',
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      await lab.rejects(pair.server.startTls({ side: 'server' }), 'TypeError', 'startTls() without a key to fail');
      await lab.rejects(pair.server.startTls(CLIENT), 'TypeError', 'startTls() without a name to fail');
      await carries(lab, pair.client, server, lab.pattern(10));
    },
  },
  {
    name: 'startTls: the protocol may be changed meanwhile',
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      const client = lab.recorder({ isWhole: false });
      const second = lab.recorder({ isWhole: false });
      const pair = await lab.connectPair(client, lab.recorder());
      const changing = Promise.all([pair.server.startTls(serverSide), pair.client.startTls(CLIENT)]);
      pair.client.setProtocol(second);
      await changing;
      await carries(lab, pair.server, second, lab.pattern(10));
      lab.equal(client.events, ['connectionMade'], 'what the first protocol heard');
    },
  },
];

/** How the change fails. */
const failingCases: readonly ConformanceCase[] = [
  {
    name: 'startTls: bytes that came in the clear and were held back lose the connection',
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      const client = lab.bufferedRecorder(1, {});
      const changes: Promise<Error>[] = [];
      client.recorder.onData = (_, transport) => {
        changes.push(lab.rejects(transport.startTls(CLIENT), 'TlsError', 'startTls() to fail'));
      };
      const server = lab.recorder();
      const pair = await lab.connectPair(client, server);
      // The second byte could be anybody's who sits on the line.
      pair.server.write(Uint8Array.of(0x53, 0x42));
      const lost = await client.recorder.lost;
      lab.equal(changes.length, 1, 'bytes that were delivered');
      lab.equal(lost, await changes[0], 'the error of connectionLost');
      await server.lost;
    },
  },
  {
    name: 'startTls: bytes that came in the clear while reading was paused lose the connection',
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.server.pauseReading();
      pair.client.write(lab.pattern(1000));
      await lab.settle(pair.loop);
      const failing = lab.rejects(pair.server.startTls(serverSide), 'TlsError', 'startTls() to fail');
      const error = await failing;
      lab.equal(await server.lost, error, 'the error of connectionLost');
      lab.equal(server.byteCount, 0, 'bytes that were delivered');
      await client.lost;
    },
  },
  {
    name: 'startTls: bytes in the clear instead of a handshake lose the connection',
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const failing = lab.rejects(pair.client.startTls(CLIENT), 'TlsError', 'startTls() to fail');
      await server.until(() => server.byteCount > 0);
      pair.server.write(lab.pattern(1000));
      lab.equal(await client.lost, await failing, 'the error of connectionLost');
      lab.equal(client.byteCount, 0, 'bytes that were delivered');
      await server.lost;
    },
  },
  {
    name: 'startTls: a certificate that is not good loses the connection on both sides',
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const atServer = lab.rejects(
        pair.server.startTls({ side: 'server', ...testCertificates.stranger }),
        'TlsError',
        'startTls() of the server to fail',
      );
      const error = await lab.rejects(pair.client.startTls(CLIENT), 'TlsError', 'startTls() of the client to fail');
      lab.equal(await client.lost, error, 'the error of connectionLost');
      lab.equal(await server.lost, await atServer, 'the error of connectionLost at the server');
    },
  },
  {
    name: 'startTls: a peer that ends the connection instead fails it',
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      const client = lab.recorder();
      const server = lab.recorder({
        onData: (_, transport) => {
          transport.close();
        },
      });
      const pair = await lab.connectPair(client, server);
      const error = await lab.rejects(pair.client.startTls(CLIENT), 'TlsError', 'startTls() to fail');
      lab.equal(await client.lost, error, 'the error of connectionLost');
      await server.lost;
    },
  },
  {
    name: 'startTls: a peer that has ended already fails it at once',
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      const client = lab.recorder({ onEof: () => true });
      const server = lab.recorder({ onEof: () => true });
      const pair = await lab.connectPair(client, server);
      pair.server.writeEof();
      await client.until(() => client.events.includes('eofReceived'));
      const error = await lab.rejects(pair.client.startTls(CLIENT), 'TlsError', 'startTls() to fail');
      lab.equal(await client.lost, error, 'the error of connectionLost');
    },
  },
  {
    name: 'startTls: its timeout loses the connection',
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const changing = pair.client.startTls({ ...CLIENT, timeoutMs: 50 });
      const error = await lab.rejects(changing, 'TimeoutError', 'startTls() to fail');
      lab.equal(await client.lost, error, 'the error of connectionLost');
      await server.lost;
    },
  },
  {
    name: 'startTls: its signal loses the connection, with its reason',
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      const reason = new Error('changed my mind');
      const controller = new AbortController();
      const client = lab.recorder();
      const server = lab.recorder({
        onData: () => {
          controller.abort(reason);
        },
      });
      const pair = await lab.connectPair(client, server);
      const changing = pair.client.startTls({ ...CLIENT, signal: controller.signal });
      await lab.rejects(changing, reason, 'startTls() to fail');
      lab.equal(await client.lost, reason, 'the error of connectionLost');
      await server.lost;
    },
  },
  {
    name: 'startTls: abort(error) in the middle ends it',
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      const reason = new Error('enough');
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const failing = lab.rejects(pair.client.startTls(CLIENT), reason, 'startTls() to fail');
      const recycled: Uint8Array[] = [];
      const chunk = lab.pattern(5);
      pair.client.write(chunk, { recycle: (back) => void recycled.push(back) });
      await server.until(() => server.byteCount > 0);
      pair.client.abort(reason);
      await failing;
      lab.equal(await client.lost, reason, 'the error of connectionLost');
      lab.equal(recycled, [chunk], 'chunks that came back');
      await server.lost;
    },
  },
  {
    name: 'startTls: abort() without an error ends it, and connectionLost is told of none',
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const failing = lab.rejects(pair.client.startTls(CLIENT), 'TransportClosedError', 'startTls() to fail');
      await server.until(() => server.byteCount > 0);
      pair.client.abort();
      await failing;
      lab.equal(await client.lost, null, 'the error of connectionLost');
      await server.lost;
    },
  },
  {
    name: 'startTls: a loop that is closed in the middle ends it',
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const failing = lab.rejects(pair.client.startTls(CLIENT), 'TransportClosedError', 'startTls() to fail');
      await server.until(() => server.byteCount > 0);
      await pair.loop.close();
      await failing;
    },
  },
  {
    name: 'startTls: a later failure of one connection leaves the others alone',
    needs: ['tcp', 'startTls'],
    run: async (lab: Lab) => {
      const server = lab.recorder();
      const pair = await upgradedPair(lab, lab.recorder(), server);
      const other = await lab.connectPair(lab.recorder(), lab.recorder(), { loop: pair.loop });
      const failing = lab.rejects(other.server.startTls(serverSide), 'TlsError', 'startTls() to fail');
      other.client.write(lab.pattern(100));
      await failing;
      await carries(lab, pair.client, server, lab.pattern(100));
    },
  },
];

export const tlsUpgradeCases: readonly ConformanceCase[] = [...changingCases, ...failingCases];
