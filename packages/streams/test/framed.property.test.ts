import { struct, u16, u32, utf8 } from '@millrace/codecs';
import { nodePolicy } from '@millrace/loop-policy';
import { memoryTransportPair, Recorder } from '@millrace/loop-policy/testing';
import { randomChunks } from '@millrace/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { framed, FramedError } from '../src/index.js';

const message = struct({ id: u32, text: utf8(u16) });
const someMessages = fc.array(
  fc.record({ id: fc.nat(), text: fc.oneof(fc.string(), fc.string({ minLength: 200, maxLength: 2000 })) }),
  { maxLength: 60 },
);

describe('framed', () => {
  test('carries any values, however they are cut, whatever the limits, to a receiver of any speed', async () => {
    await fc.assert(
      fc.asyncProperty(
        someMessages,
        fc.nat(),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 500 }),
        fc.nat(3),
        async (messages, seed, limitValues, limitBytes, turns) => {
          await using loop = nodePolicy.newLoop();
          let cuts = 0;
          const ends = memoryTransportPair({ loop, chunking: (bytes) => randomChunks(bytes, { seed: seed + cuts++ }) });
          const client = framed(ends.client.attach(new Recorder({ isWhole: false })).transport, message);
          const server = framed(ends.server.attach(new Recorder({ isWhole: false })).transport, message, {
            limitValues,
            limitBytes,
          });
          const sending = (async () => {
            for (const each of messages) await client.send(each);
            client.endSending();
          })();
          const received: unknown[] = [];
          for await (const each of server) {
            received.push(each);
            for (let turn = 0; turn < turns; turn++) {
              await new Promise<void>((resolve) => {
                loop.callSoon(resolve);
              });
            }
          }
          await sending;
          expect(received).toEqual(messages);
          await Promise.all([server.close(), client.close()]);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('gives the values before a cut, and says that the rest is missing, wherever the data ends', async () => {
    await fc.assert(
      fc.asyncProperty(someMessages, fc.nat(), async (messages, where) => {
        await using loop = nodePolicy.newLoop();
        const whole = memoryTransportPair({ loop });
        const recorder = whole.server.attach(new Recorder({ isWhole: false }));
        const sender = framed(whole.client.attach(new Recorder({ isWhole: false })).transport, message);
        for (const each of messages) void sender.send(each);
        await sender.close();
        const { bytes } = recorder;
        const cut = bytes.subarray(0, where % (bytes.length + 1));
        const ends = memoryTransportPair({ loop });
        const { transport } = ends.client.attach(new Recorder());
        const server = framed(ends.server.attach(new Recorder({ isWhole: false })).transport, message);
        transport.write(cut);
        transport.close();
        let failed: unknown;
        const received: unknown[] = [];
        try {
          for await (const each of server) received.push(each);
        } catch (error) {
          failed = error;
        }
        expect(received).toEqual(messages.slice(0, received.length));
        if (failed === undefined) expect(received.length === messages.length).toBe(cut.length === bytes.length);
        else expect(failed).toBeInstanceOf(FramedError);
        await server.close();
      }),
      { numRuns: 40 },
    );
  });
});
