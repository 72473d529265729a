import { AsyncQueue } from '@millrace/async-queue';
import { Deadline, sleep, TimeoutError, withTimeout } from '@millrace/timeouts';
import { expect, test } from 'vitest';
import { DeadlockError, Simulation } from '../src/index.js';

test('a queue’s takers and putters wait in virtual time', async () => {
  const simulation = new Simulation({ seed: 1 });
  await simulation.run(async () => {
    const queue = new AsyncQueue<number>({ capacity: 1 });
    await expect(queue.take({ timeoutMs: 3_600_000 })).rejects.toThrow(TimeoutError);
    expect(simulation.nowMs).toBe(3_600_000);
    queue.tryPut(1);
    await expect(queue.put(2, { deadline: Deadline.after(500) })).rejects.toThrow(TimeoutError);
    expect(simulation.nowMs).toBe(3_600_500);
    expect(queue.tryTake()).toBe(1);
  });
});

test('a producer and a consumer in different rhythms meet in virtual time, as often as they are run', async () => {
  const times = async (): Promise<number[]> => {
    const simulation = new Simulation({ seed: 1 });
    return simulation.run(async () => {
      const queue = new AsyncQueue<number>({ capacity: 2 });
      const produce = async (): Promise<void> => {
        for (let i = 0; i < 6; i++) {
          await queue.put(i);
          await sleep(100);
        }
        queue.close();
      };
      const consume = async (): Promise<number[]> => {
        const taken: number[] = [];
        for await (const item of queue) {
          taken.push(simulation.nowMs);
          await withTimeout(1000, () => sleep(item === 0 ? 350 : 50));
        }
        return taken;
      };
      return (await Promise.all([consume(), produce()]))[0];
    });
  };
  expect(await times()).toEqual([0, 350, 400, 450, 500, 550]);
  expect(await times()).toEqual(await times());
});

test('a consumer whose producer is gone is a deadlock', async () => {
  const simulation = new Simulation({ seed: 1 });
  const run = simulation.run(() => new AsyncQueue<number>({ capacity: 1 }).take());
  await expect(run).rejects.toThrow(DeadlockError);
});
