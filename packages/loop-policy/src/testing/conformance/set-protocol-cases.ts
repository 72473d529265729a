import type { AnyProtocol } from '../contract.js';
import type { ConformanceCase } from './case.js';
import type { Lab, Pair } from './lab.js';

/** A recorder that has a connection for a part of its time only. */
const part = { isWhole: false };

/** How a connection goes from one protocol to the next. */
export const setProtocolCases: readonly ConformanceCase[] = [
  {
    name: 'setProtocol: from then on the new protocol gets data, the end of data and the end, and the old one nothing',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [first, second] = [lab.recorder(part), lab.recorder(part)];
      const server = lab.recorder();
      const pair = await lab.connectPair(first, server);
      pair.server.write(lab.pattern(10));
      await first.until(() => first.byteCount === 10);
      pair.client.setProtocol(second);
      pair.server.write(lab.pattern(20));
      pair.server.close();
      await second.lost;
      lab.equal(first.story, ['connectionMade', 'dataReceived'], 'what the old protocol heard');
      lab.equal(second.story, ['dataReceived', 'eofReceived', 'connectionLost'], 'what the new protocol heard');
      lab.equal(second.byteCount, 20, 'bytes that the new protocol received');
    },
  },
  {
    name: 'setProtocol: data that arrived while reading was paused goes to the new protocol',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [first, second] = [lab.recorder(part), lab.recorder(part)];
      const pair = await lab.connectPair(first, lab.recorder());
      pair.client.pauseReading();
      pair.server.write(lab.pattern(5000));
      await lab.settle(pair.loop);
      pair.client.setProtocol(second);
      lab.equal(second.events, [], 'what the new protocol heard before reading is resumed');
      pair.client.resumeReading();
      await second.until(() => second.byteCount === 5000);
      lab.equal(first.byteCount, 0, 'bytes that the old protocol received');
    },
  },
  {
    name: 'setProtocol: inside dataReceived the chunk is the old one’s, and the next chunk the new one’s',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const second = lab.recorder(part);
      const first = lab.recorder({
        ...part,
        onData: (_chunk, transport) => {
          transport.setProtocol(second);
        },
      });
      const pair = await lab.connectPair(first, lab.recorder());
      const sent = lab.pattern(1_000_000);
      for (let at = 0; at < sent.length; at += 20_000) pair.server.write(sent.subarray(at, at + 20_000));
      await second.until(() => first.byteCount + second.byteCount === sent.length);
      lab.equal(first.count('dataReceived'), 1, 'chunks of the old protocol');
      lab.equal(
        Uint8Array.of(...first.bytes.subarray(-4)),
        sent.slice(first.byteCount - 4, first.byteCount),
        'its end',
      );
      lab.equal(second.bytes, sent.subarray(first.byteCount), 'what the new protocol received');
    },
  },
  {
    name: 'setProtocol: what a small buffer has not taken yet goes to the new protocol',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const second = lab.recorder(part);
      const first = lab.bufferedRecorder(6, {
        ...part,
        onData: (_chunk, transport) => {
          transport.setProtocol(second);
        },
      });
      const pair = await lab.connectPair(first, lab.recorder());
      const sent = lab.pattern(100);
      pair.server.write(sent);
      await second.until(() => first.recorder.byteCount + second.byteCount === sent.length);
      lab.check(first.recorder.byteCount <= 6, 'the old protocol to get no more than its buffer holds');
      lab.equal(second.bytes, sent.subarray(first.recorder.byteCount), 'what the new protocol received');
      lab.equal(first.recorder.count('getBuffer'), 1, 'requests for memory to the old protocol');
    },
  },
  {
    name: 'setProtocol: a buffered protocol is asked for memory at once, and gets its bytes there',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const first = lab.recorder(part);
      const second = lab.bufferedRecorder(16, part);
      const pair = await lab.connectPair(first, lab.recorder());
      pair.client.setProtocol(second);
      lab.equal(second.recorder.events, ['getBuffer'], 'what the new protocol heard');
      pair.server.write(lab.pattern(100));
      await second.recorder.until(() => second.recorder.byteCount === 100);
      lab.equal(second.recorder.bytes, lab.pattern(100), 'what the new protocol received');
    },
  },
  {
    name: 'setProtocol: inside connectionMade the new protocol gets everything that follows',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const second = lab.bufferedRecorder(16, part);
      const first = lab.recorder({
        ...part,
        onMade: (transport) => {
          transport.setProtocol(second);
        },
      });
      const pair = await lab.connectPair(first, lab.recorder());
      pair.server.write(lab.pattern(100));
      pair.server.close();
      await second.recorder.lost;
      lab.equal(first.events, ['connectionMade'], 'what the old protocol heard');
      lab.equal(second.recorder.bytes, lab.pattern(100), 'what the new protocol received');
      lab.equal(second.recorder.count('connectionMade'), 0, 'calls of its connectionMade');
    },
  },
  {
    name: 'setProtocol: a different protocol for every chunk gets every byte, in order',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const got: number[] = [];
      let protocols = 0;
      const next = (): AnyProtocol => {
        const onData = (chunk: Uint8Array): void => {
          for (const byte of chunk) got.push(byte);
          pair.client.setProtocol(next());
        };
        const plug = { ...part, onData };
        return protocols++ % 2 === 0 ? lab.recorder(plug) : lab.bufferedRecorder(100, plug);
      };
      const pair: Pair = await lab.connectPair(next(), lab.recorder());
      const sent = lab.pattern(20_000);
      for (let at = 0; at < sent.length; at += 1111) {
        pair.server.write(sent.subarray(at, at + 1111));
        await lab.until(pair.loop, () => got.length >= Math.min(at + 1111, sent.length));
      }
      lab.equal(Uint8Array.from(got), sent, 'what the protocols received together');
      lab.check(protocols > 18, 'a protocol for each chunk');
    },
  },
  {
    name: 'setProtocol: while writing is paused the new protocol hears of the pause, and of its end',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [first, second] = [lab.recorder(part), lab.recorder(part)];
      const pair = await lab.connectPair(first, lab.recorder());
      pair.server.pauseReading();
      pair.client.write(lab.pattern(8 << 20));
      await lab.settle(pair.loop);
      pair.client.setProtocol(second);
      pair.server.resumeReading();
      await second.until(() => second.events.includes('resumeWriting'));
      lab.equal(first.events, ['connectionMade', 'pauseWriting'], 'what the old protocol heard');
      lab.equal(second.events, ['pauseWriting', 'resumeWriting'], 'what the new protocol heard');
    },
  },
  {
    name: 'setProtocol: refuses what is no protocol with a TypeError, and the old one stays',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.recorder();
      const pair = await lab.connectPair(client, lab.recorder());
      for (const bad of [undefined, null, 5, {}, { connectionMade: () => undefined }]) {
        lab.throws(
          () => {
            pair.client.setProtocol(bad as never);
          },
          'TypeError',
          `${JSON.stringify(bad)} to be refused`,
        );
      }
      pair.server.write(lab.pattern(10));
      await client.until(() => client.byteCount === 10);
    },
  },
];
