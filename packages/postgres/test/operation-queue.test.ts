import { seededRandom } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { FenceOperation } from '../src/fence-operation.js';
import type { Operation } from '../src/operation.js';
import { OperationQueue } from '../src/operation-queue.js';

function operation(turn: number): Operation {
  const made = new FenceOperation();
  made.turn = turn;
  return made;
}

describe('OperationQueue', () => {
  test('behaves as an array under random pushes, shifts and removals', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = seededRandom(seed);
      const queue = new OperationQueue();
      const model: Operation[] = [];
      for (let turn = 0; turn < 200; turn++) {
        const dice = random.int(0, 2);
        const at = random.int(0, Math.max(0, model.length - 1));
        const some = model[at];
        if (dice === 0 || some === undefined) {
          model.push(operation(turn));
          queue.push(model.at(-1)!);
        } else if (dice === 1) {
          expect(queue.shift(), `seed ${seed}`).toBe(model.shift());
        } else {
          expect(queue.remove(some), `seed ${seed}`).toBe(true);
          expect(queue.remove(some)).toBe(false);
          model.splice(at, 1);
        }
        expect(queue.count, `seed ${seed}`).toBe(model.length);
        expect(queue.first, `seed ${seed}`).toBe(model[0]);
      }
    }
  });

  test('puts an operation back to its turn', () => {
    const [first, second, third, fourth] = [1, 2, 3, 4].map(operation);
    const queue = new OperationQueue();
    for (const made of [third, fourth]) queue.push(made!);
    queue.putBack(second!);
    queue.putBack(first!);
    expect([queue.shift(), queue.shift(), queue.shift(), queue.shift()]).toEqual([first, second, third, fourth]);
  });

  test('does not remove what is in another queue', () => {
    const queue = new OperationQueue();
    const made = operation(1);
    queue.push(made);
    expect(new OperationQueue().remove(made)).toBe(false);
    expect(queue.count).toBe(1);
  });
});
