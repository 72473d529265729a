import { hex } from '@millrace/testkit';
import { expect, test } from 'vitest';
import { decodeValue, encodeValue } from './fixtures/value-wire.js';

test('bytea is written from a Buffer as from any Uint8Array', () => {
  expect(decodeValue(17, encodeValue(17, Buffer.from('hi')))).toStrictEqual(Uint8Array.of(104, 105));
});

test('ten bytes that stand for 131072 digits cost no more than those digits', () => {
  // 4681 times 1e131071: 600 million digits, if each were written out.
  const count = 4681;
  const one = hex('0000000a 0001 7fff 0000 0000 03e8');
  const bytes = new Uint8Array(20 + count * one.length);
  bytes.set(hex('00000001 00000000 000006a4'), 0);
  new DataView(bytes.buffer).setInt32(12, count);
  new DataView(bytes.buffer).setInt32(16, 1);
  for (let i = 0; i < count; i++) bytes.set(one, 20 + i * one.length);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const array = decodeValue(1231, bytes) as string[];
  globalThis.gc?.();
  const grown = process.memoryUsage().heapUsed - before;
  expect(array).toHaveLength(count);
  expect(array[0]).toHaveLength(131072);
  expect(grown).toBeLessThan(64 * 1024 * 1024);
});
