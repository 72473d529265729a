import type { BufferedProtocol } from '../contract.js';
import type { ConformanceCase } from './case.js';
import type { Lab } from './lab.js';

const MEBIBYTE = 1 << 20;

/** How protocols get bytes into memory of their own. */
export const bufferedCases: readonly ConformanceCase[] = [
  ...[1, 3, 4096, 1_000_000].map((bufferBytes): ConformanceCase => ({
    name: `buffered: a buffer of ${bufferBytes} bytes gets every byte, in order`,
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.bufferedRecorder(bufferBytes);
      const server = lab.recorder();
      const pair = await lab.connectPair(client, server);
      const sent = lab.pattern(Math.min(bufferBytes * 300, MEBIBYTE));
      pair.server.write(sent);
      await client.recorder.until(() => client.recorder.byteCount === sent.length);
      lab.equal(client.recorder.bytes, sent, 'what the client received');
      lab.check(
        client.recorder.chunks.every((chunk) => chunk.length > 0 && chunk.length <= bufferBytes),
        'each delivery to be of one byte or more, and to fit the buffer',
      );
    },
  })),
  {
    name: 'buffered: memory is asked for after connectionMade, before reading, and after each bufferUpdated',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.bufferedRecorder(10);
      const server = lab.recorder();
      const pair = await lab.connectPair(client, server);
      pair.server.write(lab.pattern(35));
      await client.recorder.until(() => client.recorder.byteCount === 35);
      const { events } = client.recorder;
      lab.equal(events.slice(0, 3), ['connectionMade', 'getBuffer', 'dataReceived'], 'the first callbacks');
      const misplaced = events.filter((event, i) => event === 'dataReceived' && events[i - 1] !== 'getBuffer');
      lab.equal(misplaced.length, 0, 'deliveries without a request for memory before');
    },
  },
  {
    name: 'buffered: an accepted connection may be buffered, and echo its own memory',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.recorder();
      const server = lab.bufferedRecorder(5000, {
        onData: (chunk, transport) => {
          transport.write(new Uint8Array(chunk));
        },
      });
      const pair = await lab.connectPair(client, server);
      const sent = lab.pattern(2 * MEBIBYTE);
      pair.client.write(sent);
      await client.until(() => client.byteCount === sent.length);
      lab.equal(client.bytes, sent, 'what came back');
    },
  },
  {
    name: 'buffered: bytes go to the memory that was given last, from its start',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const inner = lab.recorder();
      let given = new Uint8Array(1);
      let turn = 0;
      const client: BufferedProtocol = {
        connectionMade: (transport) => {
          inner.connectionMade(transport);
        },
        eofReceived: () => inner.eofReceived(),
        pauseWriting: () => {
          inner.pauseWriting();
        },
        resumeWriting: () => {
          inner.resumeWriting();
        },
        connectionLost: (error) => {
          inner.connectionLost(error);
        },
        // Each time other memory, of another size, in the middle of something larger.
        getBuffer: () => (given = new Uint8Array(new ArrayBuffer(200), 20, 1 + (turn++ % 150))),
        bufferUpdated: (byteCount) => {
          inner.dataReceived(given.subarray(0, byteCount));
        },
      };
      const pair = await lab.connectPair(client, lab.recorder());
      const sent = lab.pattern(50_000);
      for (let at = 0; at < sent.length; at += 777) pair.server.write(sent.subarray(at, at + 777));
      await inner.until(() => inner.byteCount === sent.length);
      lab.equal(inner.bytes, sent, 'what the client received');
    },
  },
  {
    name: 'buffered: paused in the middle of what arrived it gets the rest after it resumes, and then the end',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.bufferedRecorder(4, {
        onData: (_chunk, transport) => {
          transport.pauseReading();
        },
      });
      const { recorder } = client;
      const pair = await lab.connectPair(client, lab.recorder());
      const sent = lab.pattern(30);
      pair.server.write(sent);
      pair.server.close();
      while (recorder.byteCount < sent.length) {
        const before = recorder.byteCount;
        await recorder.until(() => recorder.byteCount > before || recorder.byteCount === sent.length);
        await lab.settle(pair.loop);
        lab.check(recorder.byteCount - before <= 4, 'one delivery until it is resumed');
        lab.equal(recorder.count('eofReceived'), 0, 'ends of data while paused');
        pair.client.resumeReading();
      }
      lab.equal(await recorder.lost, null, 'how it ended');
      lab.equal(recorder.bytes, sent, 'what the client received');
    },
  },
  ...(['close', 'abort'] as const).map((end): ConformanceCase => ({
    name: `buffered: after ${end}() in the middle of what arrived there is no more data, and no request for memory`,
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.bufferedRecorder(4, {
        onData: (_chunk, transport) => {
          transport[end]();
        },
      });
      const pair = await lab.connectPair(client, lab.recorder());
      pair.server.write(lab.pattern(1000));
      await client.recorder.lost;
      const heard = ['connectionMade', 'getBuffer', 'dataReceived', 'connectionLost'];
      lab.equal(client.recorder.events, heard, 'what the client heard');
    },
  })),
  {
    name: 'buffered: closed in connectionMade it is not asked for memory',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.bufferedRecorder(4, {
        onMade: (transport) => {
          transport.close();
        },
      });
      await lab.connectPair(client, lab.recorder());
      await client.recorder.lost;
      lab.equal(client.recorder.events, ['connectionMade', 'connectionLost'], 'what the client heard');
    },
  },
  ...([new Uint8Array(0), undefined, 'text'] as const).map((bad): ConformanceCase => {
    const what = bad instanceof Uint8Array ? 'empty memory' : bad === undefined ? 'nothing' : 'a text';
    return {
      name: `buffered: getBuffer that returns ${what} loses its connection, with a TypeError that is reported once`,
      needs: ['tcp'],
      run: async (lab: Lab) => {
        const client = lab.bufferedRecorder(4);
        client.getBuffer = () => bad as Uint8Array;
        const pair = await lab.connectPair(client, lab.recorder());
        const error = await client.recorder.lost;
        lab.equal(error?.name, 'TypeError', 'the error of connectionLost');
        const reported = lab.uncaught(pair.loop);
        lab.check(reported.length === 1 && reported[0] === error, 'the loop to report that error once');
      },
    };
  }),
  {
    name: 'buffered: the end of data comes after the last byte, and half-close works as ever',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.bufferedRecorder(7, { onEof: () => true });
      const server = lab.recorder();
      const pair = await lab.connectPair(client, server);
      pair.server.write(lab.pattern(100));
      pair.server.writeEof();
      await client.recorder.until(() => client.recorder.events.includes('eofReceived'));
      lab.equal(client.recorder.byteCount, 100, 'bytes before the end of data');
      pair.client.write(lab.pattern(50));
      pair.client.close();
      await Promise.all([client.recorder.lost, server.lost]);
      lab.equal(server.byteCount, 50, 'bytes that the server received');
    },
  },
];
