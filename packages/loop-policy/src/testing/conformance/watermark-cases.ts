import type { Transport } from '../contract.js';
import type { ConformanceCase } from './case.js';
import type { Lab, Pair } from './lab.js';
import type { Recorder } from './recorder.js';

const MEBIBYTE = 1 << 20;
/** More than a system buffers for a peer that does not read. */
const FLOOD_BYTES = 8 * MEBIBYTE;

/** A connection whose server does not read, with so much written that some of it cannot leave. */
async function flooded(lab: Lab, client: Recorder, server: Recorder): Promise<Pair> {
  const pair = await lab.connectPair(client, server);
  pair.server.pauseReading();
  pair.client.write(lab.pattern(FLOOD_BYTES));
  await lab.settle(pair.loop);
  lab.check(pair.client.bufferedBytes > MEBIBYTE, 'bytes to wait while the peer does not read');
  return pair;
}

function drained(recorder: Recorder): () => boolean {
  return () => recorder.events.at(-1) === 'resumeWriting';
}

/** When writing is paused and resumed. */
export const watermarkCases: readonly ConformanceCase[] = [
  {
    name: 'watermarks: writing is paused above the high one, before write() returns, and resumed once the rest has left',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.server.pauseReading();
      pair.client.write(lab.pattern(FLOOD_BYTES));
      lab.equal(client.events, ['connectionMade', 'pauseWriting'], 'what was called before write() returned');
      await lab.settle(pair.loop);
      lab.equal(client.count('resumeWriting'), 0, 'resumptions while the peer does not read');
      pair.server.resumeReading();
      await client.until(drained(client));
      lab.check(pair.client.bufferedBytes <= 16_384, 'at most 16 KiB to wait when writing is resumed');
      await server.until(() => server.byteCount === FLOOD_BYTES);
      lab.equal(client.events, ['connectionMade', 'pauseWriting', 'resumeWriting'], 'what the client heard');
    },
  },
  {
    name: 'watermarks: exactly the high one does not pause, one byte more does',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.client.setWriteWatermarks({ highWaterBytes: 1000, lowWaterBytes: 100 });
      const pauses: number[] = [];
      // Inside a callback, so that nothing leaves between the two.
      pair.loop.callSoon(() => {
        pair.client.write(lab.pattern(1000));
        pauses.push(client.count('pauseWriting'));
        pair.client.write(lab.pattern(1));
        pauses.push(client.count('pauseWriting'));
      });
      await server.until(() => server.byteCount === 1001);
      lab.equal(pauses, [0, 1], 'pauses at the high watermark, and above');
    },
  },
  {
    name: 'watermarks: by default 64 KiB may be written at once without a pause, and not a byte more',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const pauses: number[] = [];
      pair.loop.callSoon(() => {
        pair.client.write(lab.pattern(65_536));
        pauses.push(client.count('pauseWriting'));
        pair.client.write(lab.pattern(1));
        pauses.push(client.count('pauseWriting'));
      });
      await server.until(() => server.byteCount === 65_537);
      lab.equal(pauses, [0, 1], 'pauses with 64 KiB written, and with one byte more');
    },
  },
  {
    name: 'watermarks: writeMany pauses once for all its chunks, and resumes once they have left',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.recorder();
      const pair = await lab.connectPair(client, lab.recorder());
      pair.client.setWriteWatermarks({ highWaterBytes: 99, lowWaterBytes: 0 });
      pair.client.writeMany(Array.from({ length: 10 }, () => lab.pattern(10)));
      lab.equal(client.events, ['connectionMade', 'pauseWriting'], 'what the client heard inside writeMany()');
      await client.until(() => client.count('resumeWriting') > 0);
      await lab.settle(pair.loop);
      lab.equal(client.events, ['connectionMade', 'pauseWriting', 'resumeWriting'], 'what the client heard');
    },
  },
  {
    name: 'watermarks: raising them resumes a paused writer, lowering them pauses one',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await flooded(lab, client, server);
      pair.client.setWriteWatermarks({ highWaterBytes: 2 * FLOOD_BYTES, lowWaterBytes: FLOOD_BYTES });
      await lab.settle(pair.loop);
      lab.equal(client.events.slice(1), ['pauseWriting', 'resumeWriting'], 'what the client heard after raising');
      pair.client.setWriteWatermarks({ highWaterBytes: 10, lowWaterBytes: 0 });
      await lab.settle(pair.loop);
      lab.equal(client.events.slice(3), ['pauseWriting'], 'what the client heard after lowering');
      pair.server.resumeReading();
      await client.until(drained(client));
      lab.equal(pair.client.bufferedBytes, 0, 'bytes that wait at the low watermark 0');
    },
  },
  {
    name: 'watermarks: refuses them with a RangeError unless 0 <= low <= high, and keeps the old ones',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.client.setWriteWatermarks({ highWaterBytes: 2 * FLOOD_BYTES, lowWaterBytes: 0 });
      for (const [highWaterBytes, lowWaterBytes] of [
        [1, 2],
        [1, -1],
        [Number.NaN, 0],
        [5, Number.NaN],
      ] as const) {
        const set = (): void => {
          pair.client.setWriteWatermarks({ highWaterBytes, lowWaterBytes });
        };
        lab.throws(set, 'RangeError', `high ${highWaterBytes}, low ${lowWaterBytes} to be refused`);
      }
      pair.server.pauseReading();
      pair.client.write(lab.pattern(FLOOD_BYTES));
      await lab.settle(pair.loop);
      lab.equal(client.count('pauseWriting'), 0, 'pauses with the old watermarks');
    },
  },
  {
    name: 'watermarks: the ones of connect() and listen() hold from the beginning',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const watermarks = { highWaterBytes: 2 * FLOOD_BYTES, lowWaterBytes: 0 };
      const stalled = {
        onMade: (transport: Transport) => {
          transport.pauseReading();
        },
      };
      const [client, server] = [lab.recorder(stalled), lab.recorder(stalled)];
      const pair = await lab.connectPair(client, server, { connect: { watermarks }, listen: { watermarks } });
      pair.client.write(lab.pattern(FLOOD_BYTES));
      pair.server.write(lab.pattern(FLOOD_BYTES));
      await lab.settle(pair.loop);
      lab.equal([client.events, server.events], [['connectionMade'], ['connectionMade']], 'the callbacks');
    },
  },
  {
    name: 'watermarks: a high one of 0 pauses with each write, and resumes when all has left',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.client.setWriteWatermarks({ highWaterBytes: 0, lowWaterBytes: 0 });
      pair.server.pauseReading();
      pair.client.write(lab.pattern(FLOOD_BYTES));
      lab.equal(client.count('pauseWriting'), 1, 'pauses');
      pair.server.resumeReading();
      await client.until(drained(client));
      lab.equal(pair.client.bufferedBytes, 0, 'bytes that wait when writing is resumed');
    },
  },
  {
    name: 'watermarks: a paused writer that closes is resumed when its bytes have left, before the end',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await flooded(lab, client, server);
      pair.client.close();
      pair.server.resumeReading();
      lab.equal(await client.lost, null, 'how it ended');
      const story = ['connectionMade', 'pauseWriting', 'resumeWriting', 'connectionLost'];
      lab.equal(client.events, story, 'what the client heard');
      await server.lost;
      lab.equal(server.byteCount, FLOOD_BYTES, 'bytes that the server received');
    },
  },
  {
    name: 'watermarks: a paused writer that aborts is not resumed',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await flooded(lab, client, server);
      pair.client.abort();
      await client.lost;
      lab.equal(client.events, ['connectionMade', 'pauseWriting', 'connectionLost'], 'what the client heard');
    },
  },
  {
    name: 'watermarks: who writes until paused, and again when resumed, sends everything and keeps little waiting',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const sent = lab.pattern(6 * MEBIBYTE);
      let [at, most] = [0, 0];
      let isPaused = false;
      const writeOn = (): void => {
        while (!isPaused && at < sent.length) {
          client.transport.write(sent.subarray(at, (at += 30_000)));
          most = Math.max(most, client.transport.bufferedBytes);
        }
      };
      const client: Recorder = lab.recorder({
        onPause: () => {
          isPaused = true;
        },
        onResume: () => {
          isPaused = false;
          writeOn();
        },
        onMade: writeOn,
      });
      const server = lab.recorder();
      await lab.connectPair(client, server);
      await server.until(() => server.byteCount === sent.length);
      lab.equal(server.bytes, sent, 'what the server received');
      lab.check(most <= 65_536 + 30_000, `at most 64 KiB and a chunk to wait, got ${most}`);
    },
  },
  {
    name: 'watermarks: resumeWriting may write to another connection',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server, other, otherServer] = [lab.recorder(), lab.recorder(), lab.recorder(), lab.recorder()];
      const pair = await flooded(lab, client, server);
      await lab.connectPair(other, otherServer, { loop: pair.loop });
      client.onResume = () => {
        other.transport.write(lab.pattern(100));
      };
      pair.server.resumeReading();
      await otherServer.until(() => otherServer.byteCount === 100);
    },
  },
];
