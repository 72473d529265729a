import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { AsyncQueue } from '../src/index.js';
import { turn } from './settled.js';

test('a Readable over a queue that is destroyed while it waits takes nothing any more', async () => {
  const queue = new AsyncQueue<string>({ capacity: 2 });
  const readable = Readable.from(queue);
  const seen: string[] = [];
  readable.on('data', (item: string) => seen.push(item));
  queue.tryPut('seen');
  await turn();
  expect([seen, queue.waitingTakers]).toEqual([['seen'], 1]);
  readable.destroy();
  await turn();
  expect(queue.waitingTakers).toBe(0);
  queue.tryPut('precious');
  expect(queue.tryTake()).toBe('precious');
});
