import fc from 'fast-check';
import { describe, test } from 'vitest';
import { IncompleteReadError } from '../src/index.js';
import { makeReader } from './fake-source.js';

/** What a reader may be asked for next. */
const request = fc.oneof(
  fc.record({ kind: fc.constant('read' as const), count: fc.integer({ min: 1, max: 3000 }) }),
  fc.record({ kind: fc.constant('exactly' as const), count: fc.integer({ min: 0, max: 3000 }) }),
  fc.record({ kind: fc.constant('until' as const), count: fc.constant(7) }),
  fc.record({ kind: fc.constant('into' as const), count: fc.integer({ min: 1, max: 3000 }) }),
  fc.record({ kind: fc.constant('peek' as const), count: fc.integer({ min: 0, max: 3000 }) }),
  fc.record({ kind: fc.constant('aborted' as const), count: fc.integer({ min: 1, max: 5000 }) }),
);

describe('StreamReader, in any order of reads and arrivals', () => {
  test('gives every byte once, in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 0, maxLength: 2500 }), { maxLength: 12 }),
        fc.array(request, { maxLength: 30 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
        async (chunks, requests, turns) => {
          const { reader, arrive } = makeReader({ limitBytes: 2048 });
          const sent: number[] = chunks.flatMap((chunk) => [...chunk]);
          const got: number[] = [];
          const sending = (async () => {
            for (const [i, chunk] of chunks.entries()) {
              arrive(chunk);
              if (turns[i % turns.length] === true) for (let turn = 0; turn < 8; turn++) await Promise.resolve();
            }
            reader.feedEof();
          })();
          for (const { kind, count } of requests) {
            if (kind === 'read') got.push(...((await reader.read(count)) ?? []));
            else if (kind === 'exactly') got.push(...(await whole(reader.readExactly(count))));
            else if (kind === 'until') got.push(...(await whole(reader.readUntil(count, { maxBytes: 40_000 }))));
            else if (kind === 'into') {
              const target = new Uint8Array(count);
              got.push(...target.subarray(0, await reader.readInto(target)));
            } else if (kind === 'peek') {
              const seen = await reader.peek(count);
              const next = sent.slice(got.length, got.length + count);
              if (String([...seen]) !== String(next)) throw new Error('peek saw other bytes than the next ones');
            } else {
              const controller = new AbortController();
              const reading = reader.readExactly(count, { signal: controller.signal }).then(
                (bytes) => got.push(...bytes),
                (error: unknown) => {
                  if (error instanceof IncompleteReadError) got.push(...error.partial);
                },
              );
              await Promise.resolve();
              controller.abort(new Error('enough'));
              await reading;
            }
          }
          await sending;
          for await (const chunk of reader) got.push(...chunk);
          if (String(got) !== String(sent)) throw new Error(`expected ${sent.length} bytes, got ${got.length}`);
        },
      ),
      { numRuns: 200 },
    );
  });
});

async function whole(reading: Promise<Uint8Array>): Promise<Uint8Array> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof IncompleteReadError) return error.partial;
    throw error;
  }
}
