import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import * as k from '../src/index.js';

const collect = (globalThis.gc ?? expect.fail('tests run with --expose-gc')) as () => void;

async function bytesInUse(): Promise<number> {
  // Array buffers are freed by a task after the collection.
  for (let i = 0; i < 3; i++) {
    collect();
    await setImmediate();
  }
  return process.memoryUsage().arrayBuffers;
}

test('the memory in which a long value was measured is given back', async () => {
  const codec = k.array(k.f64, k.u32);
  codec.size?.([1]);
  const before = await bytesInUse();
  expect(codec.size?.(Array.from({ length: 2 ** 19 }, (_, i) => i))).toBe(4 + 2 ** 22);
  expect((await bytesInUse()) - before).toBeLessThan(1e6);
});
