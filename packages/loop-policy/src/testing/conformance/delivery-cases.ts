import type { ConformanceCase } from './case.js';
import type { Lab } from './lab.js';
import type { Recorder } from './recorder.js';
import { show } from './values.js';

const MEBIBYTE = 1 << 20;

/** A protocol that writes back what it gets, and stops reading while the other end does not keep up. */
function echo(lab: Lab): Recorder {
  const recorder = lab.recorder({
    onData: (chunk, transport) => {
      transport.write(chunk);
    },
    onPause: () => {
      recorder.transport.pauseReading();
    },
    onResume: () => {
      recorder.transport.resumeReading();
    },
  });
  return recorder;
}

/** How bytes travel: all of them, in order, unchanged. */
export const deliveryCases: readonly ConformanceCase[] = [
  {
    name: 'delivery: bytes arrive in order, both ways at once',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const [up, down] = [lab.pattern(20_000), lab.pattern(30_000).reverse()];
      for (let at = 0; at < up.length; at += 999) pair.client.write(up.subarray(at, at + 999));
      pair.server.write(down);
      await server.until(() => server.byteCount === up.length);
      await client.until(() => client.byteCount === down.length);
      lab.equal(server.bytes, up, 'what the server received');
      lab.equal(client.bytes, down, 'what the client received');
    },
  },
  {
    name: 'delivery: ten thousand small writes arrive in order',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const sent = lab.pattern(70_000);
      for (let at = 0; at < sent.length; at += 7) pair.client.write(sent.subarray(at, at + 7));
      await server.until(() => server.byteCount === sent.length);
      lab.equal(server.bytes, sent, 'what the server received');
    },
  },
  {
    name: 'delivery: eight mebibytes each way at once arrive unchanged',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const [up, down] = [lab.pattern(8 * MEBIBYTE), lab.pattern(8 * MEBIBYTE).reverse()];
      pair.client.write(up);
      pair.server.write(down);
      await server.until(() => server.byteCount === up.length);
      await client.until(() => client.byteCount === down.length);
      lab.equal(server.bytes, up, 'what the server received');
      lab.equal(client.bytes, down, 'what the client received');
    },
  },
  {
    name: 'delivery: no chunk is empty, and an empty write sends nothing',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.client.write(new Uint8Array(0));
      pair.client.writeMany([]);
      await lab.settle(pair.loop);
      lab.equal(server.events, ['connectionMade'], 'what the server heard of an empty write');
      for (let i = 0; i < 50; i++) pair.client.writeMany([new Uint8Array(0), lab.pattern(i), new Uint8Array(0)]);
      await server.until(() => server.byteCount === 1225);
      lab.check(
        server.chunks.every((chunk) => chunk.length > 0),
        'no chunk to be empty',
      );
    },
  },
  {
    name: 'delivery: writeMany is as if its chunks were written one by one, between other writes',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const sent = lab.pattern(200_000);
      for (let at = 0; at < sent.length; at += 2000) {
        pair.client.write(sent.subarray(at, at + 10));
        pair.client.writeMany([sent.subarray(at + 10, at + 11), sent.subarray(at + 11, at + 1900)]);
        pair.client.write(sent.subarray(at + 1900, at + 2000));
      }
      await server.until(() => server.byteCount === sent.length);
      lab.equal(server.bytes, sent, 'what the server received');
    },
  },
  {
    name: 'delivery: a writeMany of five thousand chunks arrives whole',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const sent = lab.pattern(65_000);
      const chunks = Array.from({ length: 5000 }, (_, i) => sent.subarray(i * 13, (i + 1) * 13));
      pair.client.writeMany(chunks);
      await server.until(() => server.byteCount === sent.length);
      lab.equal(server.bytes, sent, 'what the server received');
    },
  },
  {
    name: 'delivery: writes inside a callback and outside of one keep their order',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.recorder({
        onMade: (transport) => {
          transport.write(Uint8Array.of(1));
        },
        onData: (_chunk, transport) => {
          transport.writeMany([Uint8Array.of(3), Uint8Array.of(4)]);
        },
      });
      const server = lab.recorder();
      const pair = await lab.connectPair(client, server);
      pair.client.write(Uint8Array.of(2));
      await server.until(() => server.byteCount === 2);
      pair.server.write(Uint8Array.of(0));
      await client.until(() => client.byteCount === 1);
      await Promise.resolve();
      pair.client.write(Uint8Array.of(5));
      await server.until(() => server.byteCount === 5);
      lab.equal(server.bytes, Uint8Array.of(1, 2, 3, 4, 5), 'what the server received');
    },
  },
  {
    name: 'delivery: a write from a timer, callSoon or a microtask leaves without further ado',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.loop.callLater(1, () => {
        pair.client.write(Uint8Array.of(1));
      });
      await server.until(() => server.byteCount === 1);
      pair.loop.callSoon(() => {
        pair.client.write(Uint8Array.of(2));
        void Promise.resolve().then(() => {
          pair.client.write(Uint8Array.of(3));
        });
      });
      await server.until(() => server.byteCount === 3);
      lab.equal(server.bytes, Uint8Array.of(1, 2, 3), 'what the server received');
    },
  },
  {
    name: 'delivery: a recycled chunk may be overwritten at once, its bytes have left',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const sent = lab.pattern(8 * MEBIBYTE);
      const owner = { recycle: (chunk: Uint8Array) => chunk.fill(0xee) };
      pair.server.pauseReading(); // so that not all can leave at once
      for (let at = 0; at < sent.length; at += 50_000) pair.client.write(sent.slice(at, at + 50_000), owner);
      await lab.settle(pair.loop);
      pair.server.resumeReading();
      await server.until(() => server.byteCount === sent.length);
      lab.equal(server.bytes, sent, 'what the server received');
    },
  },
  {
    name: 'delivery: the chunk that is being delivered may be written back, whole and in parts',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const server = lab.recorder({
        onData: (chunk, transport) => {
          const half = chunk.length >> 1;
          transport.writeMany([chunk.subarray(0, half), chunk.subarray(half)]);
        },
      });
      const client = lab.recorder();
      const pair = await lab.connectPair(client, server);
      const sent = lab.pattern(MEBIBYTE);
      for (let at = 0; at < sent.length; at += 30_000) pair.client.write(sent.subarray(at, at + 30_000));
      await client.until(() => client.byteCount === sent.length);
      lab.equal(client.bytes, sent, 'what came back');
    },
  },
  {
    name: 'delivery: the client, too, may write back the chunk that it is given',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [echo(lab), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const sent = lab.pattern(2 * MEBIBYTE);
      pair.server.write(sent);
      await server.until(() => server.byteCount === sent.length);
      lab.equal(server.bytes, sent, 'what came back');
    },
  },
  {
    name: 'delivery: two connections that write each other’s chunks at the same time do not mix them up',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const [left, right] = [lab.recorder(), lab.recorder()];
      const ends = [lab.recorder(), lab.recorder()] as const;
      await lab.connectPair(left, ends[0], { loop });
      await lab.connectPair(right, ends[1], { loop });
      left.onData = (chunk) => {
        right.transport.write(chunk);
      };
      right.onData = (chunk) => {
        left.transport.write(chunk);
      };
      const [one, two] = [lab.pattern(MEBIBYTE), lab.pattern(MEBIBYTE).reverse()];
      ends[0].transport.write(one);
      ends[1].transport.write(two);
      await ends[1].until(() => ends[1].byteCount === one.length);
      await ends[0].until(() => ends[0].byteCount === two.length);
      lab.equal(ends[1].bytes, one, 'what went from left to right');
      lab.equal(ends[0].bytes, two, 'what went from right to left');
    },
  },
  {
    name: 'delivery: an echo to a peer that reads slowly gives every byte back, and keeps little waiting',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), echo(lab)];
      const pair = await lab.connectPair(client, server);
      const sent = lab.pattern(12 * MEBIBYTE);
      pair.client.pauseReading();
      for (let at = 0; at < sent.length; at += 65_536) pair.client.write(sent.subarray(at, at + 65_536));
      let most = 0;
      for (let turn = 0; turn < 8; turn++) {
        await lab.settle(pair.loop);
        most = Math.max(most, pair.server.bufferedBytes);
      }
      lab.check(server.events.includes('pauseWriting'), 'the echo to be told to pause');
      lab.check(most < 4 * MEBIBYTE, `less than 4 MiB to wait in the echo, got ${most}`);
      client.onData = () => {
        pair.client.pauseReading();
        pair.loop.callSoon(() => {
          pair.client.resumeReading();
        });
      };
      pair.client.resumeReading();
      await client.until(() => client.byteCount === sent.length);
      lab.equal(client.bytes, sent, 'what came back');
    },
  },
  {
    name: 'delivery: views into larger memory are sent as the bytes that they show',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const memory = lab.pattern(1000);
      pair.client.write(memory.subarray(100, 200));
      pair.client.writeMany([memory.subarray(999), memory.subarray(0, 1)]);
      await server.until(() => server.byteCount === 102);
      lab.equal(server.bytes, Uint8Array.of(...memory.subarray(100, 200), ...memory.subarray(999), 0), 'the bytes');
    },
  },
  {
    name: 'delivery: what is no Uint8Array is refused with a TypeError, nothing of it is sent, and the connection goes on',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      for (const bad of [5, null, undefined, 'text', new ArrayBuffer(3), [1, 2]] as const) {
        const chunk = bad as unknown as Uint8Array;
        lab.throws(
          () => {
            pair.client.write(chunk);
          },
          'TypeError',
          `writing ${show(bad)} to be refused`,
        );
        const many = [lab.pattern(3), chunk];
        lab.throws(
          () => {
            pair.client.writeMany(many);
          },
          'TypeError',
          `writing ${show(bad)} among others to be refused`,
        );
      }
      lab.equal(pair.client.bufferedBytes, 0, 'bytes that wait');
      pair.client.write(Uint8Array.of(9));
      await server.until(() => server.byteCount > 0);
      lab.equal(server.bytes, Uint8Array.of(9), 'what the server received');
    },
  },
];
