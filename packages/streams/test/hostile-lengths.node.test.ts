import { expect, test } from 'vitest';
import type { StreamReader } from '../src/index.js';
import { encode, makeReader } from './fake-source.js';

/** Bytes of memory outside of the heap that `fn` has made and not let go of. */
function arrayBytes(fn: () => void): number {
  const before = process.memoryUsage().arrayBuffers;
  fn();
  return process.memoryUsage().arrayBuffers - before;
}

test('a peer that announces a gigabyte makes nobody reserve it before it comes', async () => {
  const reads: Promise<unknown>[] = [];
  const readers: StreamReader[] = [];
  const reserved = arrayBytes(() => {
    for (let i = 0; i < 20; i++) {
      const { reader, arrive } = makeReader();
      reads.push(reader.readExactly(2 ** 30));
      arrive('abc');
      readers.push(reader);
    }
  });
  for (const reader of readers) reader.feedEof();
  for (const read of reads)
    await expect(read).rejects.toMatchObject({ partial: encode('abc'), expectedBytes: 2 ** 30 });
  expect(reserved).toBeLessThan(20 * 4 * 2 ** 20);
});
