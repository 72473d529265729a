import type { ConformanceCase } from './case.js';
import type { Lab } from './lab.js';
import { carries, securePair, upgradedPair } from './tls-pair.js';

const MEBIBYTE = 1 << 20;
/** More than a system buffers for a peer that does not read. */
const FLOOD_BYTES = 8 * MEBIBYTE;

const ways = [
  { way: 'from the start', needs: ['tcp', 'tls'], secure: securePair },
  { way: 'after startTls', needs: ['tcp', 'startTls'], secure: upgradedPair },
] as const;

/** Everything that a transport does, it does with TLS too. */
export const tlsEndingCases: readonly ConformanceCase[] = ways.flatMap(({ way, needs, secure }) => [
  {
    name: `TLS ${way}: bytes arrive as they were sent, both ways at once`,
    needs,
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await secure(lab, client, server);
      const bytes = lab.pattern(MEBIBYTE);
      await Promise.all([
        carries(lab, pair.client, server, bytes),
        carries(lab, pair.server, client, bytes.subarray(1)),
      ]);
    },
  },
  {
    name: `TLS ${way}: a protocol with a buffer of its own gets the bytes there`,
    needs,
    run: async (lab: Lab) => {
      const [client, server] = [lab.bufferedRecorder(1000, {}), lab.bufferedRecorder(7, {})];
      const pair = await secure(lab, client, server);
      await Promise.all([
        carries(lab, pair.client, server.recorder, lab.pattern(20_000)),
        carries(lab, pair.server, client.recorder, lab.pattern(40_000)),
      ]);
    },
  },
  {
    name: `TLS ${way}: an echo by views of the borrowed chunks is exact`,
    needs,
    run: async (lab: Lab) => {
      const client = lab.recorder();
      const server = lab.recorder({
        onData: (chunk, transport) => {
          transport.write(chunk.subarray(0, 1));
          transport.write(chunk.subarray(1));
        },
      });
      const pair = await secure(lab, client, server);
      const bytes = lab.pattern(300_000);
      pair.client.write(bytes);
      await client.until(() => client.byteCount === bytes.length);
      lab.equal(client.bytes, bytes, 'the echo');
    },
  },
  ...(['client', 'server'] as const).map((side) => ({
    name: `TLS ${way}: the ${side} gets nothing while it pauses reading, and everything after it`,
    needs,
    run: async (lab: Lab) => {
      const ends = { client: lab.recorder(), server: lab.recorder() };
      const receiver = ends[side];
      receiver.onData = (_, transport) => {
        transport.pauseReading();
      };
      const pair = await secure(lab, ends.client, ends.server);
      const sender = side === 'client' ? pair.server : pair.client;
      sender.write(lab.pattern(200_000));
      sender.writeEof();
      await receiver.until(() => receiver.byteCount > 0);
      const { byteCount } = receiver;
      await lab.settle(pair.loop);
      lab.equal(receiver.byteCount, byteCount, 'bytes that arrived while reading was paused');
      lab.equal(receiver.count('eofReceived'), 0, 'ends of data while reading was paused');
      // Pauses fall into the middle of what is decrypted at once.
      receiver.onData = (_, transport) => {
        transport.pauseReading();
        pair.loop.callSoon(() => {
          transport.resumeReading();
        });
      };
      pair[side].resumeReading();
      await receiver.lost;
      lab.equal(receiver.bytes, lab.pattern(200_000), 'the bytes that arrived');
    },
  })),
  {
    name: `TLS ${way}: after our end of data the peer may go on`,
    needs,
    run: async (lab: Lab) => {
      const client = lab.recorder();
      const server = lab.recorder({ onEof: () => true });
      const pair = await secure(lab, client, server);
      pair.client.write(lab.pattern(10));
      pair.client.writeEof();
      await server.until(() => server.events.includes('eofReceived'));
      lab.equal(server.byteCount, 10, 'bytes before the end');
      await carries(lab, pair.server, client, lab.pattern(100_000));
      pair.server.close();
      lab.equal(await client.lost, null, 'the error of the client');
      lab.equal(await server.lost, null, 'the error of the server');
      lab.equal(client.story, ['connectionMade', 'dataReceived', 'eofReceived', 'connectionLost'], 'what it heard');
    },
  },
  {
    name: `TLS ${way}: close() sends everything first`,
    needs,
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await secure(lab, client, server);
      pair.client.write(lab.pattern(MEBIBYTE));
      pair.client.close();
      lab.equal(await client.lost, null, 'the error of the one who closed');
      lab.equal(await server.lost, null, 'the error of the other one');
      lab.equal(server.bytes, lab.pattern(MEBIBYTE), 'the bytes that arrived');
    },
  },
  {
    name: `TLS ${way}: abort(error) of the server ends both sides, ours with the error, theirs with another`,
    needs,
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await secure(lab, client, server);
      await carries(lab, pair.client, server, lab.pattern(10)); // what ends a handshake may still be on its way
      await carries(lab, pair.server, client, lab.pattern(10));
      const reason = new Error('enough');
      pair.server.abort(reason);
      lab.equal(server.isLost, false, 'whether connectionLost was called inside abort()');
      lab.equal(await server.lost, reason, 'the error of the one who aborted');
      lab.check((await client.lost) !== null, 'the other side to be told that it was cut off');
      lab.equal(client.count('eofReceived'), 0, 'ends of data that it was told of');
    },
  },
  {
    name: `TLS ${way}: abort(error) of the client ends both sides, ours with the error`,
    needs,
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await secure(lab, client, server);
      const reason = new Error('enough');
      pair.client.abort(reason);
      lab.equal(client.isLost, false, 'whether connectionLost was called inside abort()');
      lab.equal(await client.lost, reason, 'the error of the one who aborted');
      await server.lost;
    },
  },
  {
    name: `TLS ${way}: writing is paused while the peer does not read, and chunks come back once each`,
    needs,
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await secure(lab, client, server);
      const recycled: Uint8Array[] = [];
      const owner = { recycle: (chunk: Uint8Array) => void recycled.push(chunk) };
      pair.server.pauseReading();
      const chunks = [lab.pattern(FLOOD_BYTES), lab.pattern(1), lab.pattern(2)];
      for (const chunk of chunks) pair.client.write(chunk, owner);
      lab.equal(recycled.length, 0, 'chunks that came back inside write()');
      lab.equal(client.events.at(-1), 'pauseWriting', 'what the writer heard last');
      await lab.settle(pair.loop);
      lab.check(pair.client.bufferedBytes > MEBIBYTE, 'bytes to wait while the peer does not read');
      pair.server.resumeReading();
      await server.until(() => server.byteCount === FLOOD_BYTES + 3);
      await lab.until(pair.loop, () => recycled.length === chunks.length);
      lab.equal(client.events.at(-1), 'resumeWriting', 'what the writer heard last');
      lab.check(
        chunks.every((chunk, i) => recycled[i] === chunk),
        'the chunks themselves to come back, in order',
      );
    },
  },
]);
