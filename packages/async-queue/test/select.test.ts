import { describe, expect, expectTypeOf, test } from 'vitest';
import { TestClock } from '@millrace/testkit';
import { openCancelScope, TimeoutError } from '@millrace/timeouts';
import type { Arm, Waiter } from '@millrace/timeouts';
import { Broadcast } from '../src/broadcast.js';
import { AsyncQueue, QueueClosedError } from '../src/index.js';
import { select } from '../src/select.js';
import { errorOf, turn, watch } from './settled.js';

function queues(): { numbers: AsyncQueue<number>; words: AsyncQueue<string> } {
  return { numbers: new AsyncQueue<number>({ capacity: 2 }), words: new AsyncQueue<string>({ capacity: 2 }) };
}

/** A waiter that comes when the test says so, as a select of another make might. */
class LateWaiter implements Waiter {
  woken = 0;

  wake(): void {
    this.woken++;
  }
}

/** An arm that says what is done to it. */
function loggingArm<T>(commits: ({ value: T } | undefined)[]): { arm: Arm<T>; log: string[]; waiters: Waiter[] } {
  const log: string[] = [];
  const waiters: Waiter[] = [];
  const arm: Arm<T> = {
    tryCommit: () => {
      log.push('tryCommit');
      return commits.shift();
    },
    enlist: (waiter) => {
      log.push('enlist');
      waiters.push(waiter);
    },
    withdraw: () => log.push('withdraw'),
  };
  return { arm, log, waiters };
}

describe('a select that cannot wait', () => {
  test('since an arm refuses it, rejects with that and leaves the other lines', async () => {
    const { numbers, words } = queues();
    const { arm } = loggingArm<string>([]);
    const refusing: Arm<string> = {
      ...arm,
      enlist: () => {
        throw new Error('refused');
      },
    };
    expect(await errorOf(select([numbers.taking(), refusing, words.taking()]))).toEqual(new Error('refused'));
    expect([numbers.waitingTakers, words.waitingTakers]).toEqual([0, 0]);
    numbers.tryPut(1);
    expect(numbers.tryTake()).toBe(1);
  });

  test('since its clock is broken, rejects with that and takes nothing, as a take does', async () => {
    const timers = {
      now: () => 0,
      callLater: () => {
        throw new Error('the loop is closed');
      },
    };
    const { numbers } = queues();
    const subscription = new Broadcast<number>({ capacity: 1 }).subscribe();
    const op = { timeoutMs: 10, timers };
    const waits = [() => select([numbers.taking()], op), () => numbers.take(op), () => numbers.takeUpTo(2, op)];
    for (const wait of [...waits, () => subscription.take(op)]) {
      expect(await errorOf(wait())).toEqual(new Error('the loop is closed'));
      expect([numbers.waitingTakers, subscription.waitingTakers]).toEqual([0, 0]);
    }
    numbers.tryPut(1);
    expect(numbers.tryTake()).toBe(1);
  });
});

describe('thousands of selects in one line', () => {
  const waiting = (arm: () => Arm<number>): Promise<unknown[]> =>
    Promise.all(
      Array.from({ length: 5000 }, async () => {
        try {
          return (await select([arm()])).value;
        } catch (error) {
          return error;
        }
      }),
    );

  test('learn of the end of a queue or of a subscription', async () => {
    const queue = new AsyncQueue<number>({ capacity: 1 });
    const subscription = new Broadcast<number>({ capacity: 1 }).subscribe();
    for (const ended of [queue, subscription]) {
      const outcomes = waiting(() => ended.taking());
      ended.close();
      for (const outcome of await outcomes) expect(outcome).toBeInstanceOf(QueueClosedError);
      expect(ended.waitingTakers).toBe(0);
    }
  });

  test('are served at once, when the one before them lets them', async () => {
    const queue = new AsyncQueue<number>({ capacity: Infinity });
    const first = new LateWaiter();
    const arm = queue.taking();
    arm.enlist(first);
    const outcomes = waiting(() => queue.taking());
    const items = Array.from({ length: 5000 }, (_, item) => item);
    for (const item of items) queue.tryPut(item);
    arm.withdraw(first);
    expect(await outcomes).toEqual(items);
  });
});

describe('select', () => {
  test('narrows the value by the index', async () => {
    const { numbers, words } = queues();
    words.tryPut('a');
    const selected = await select([numbers.taking(), words.taking()]);
    expectTypeOf(selected).toEqualTypeOf<
      { readonly index: 0; readonly value: number } | { readonly index: 1; readonly value: string }
    >();
    if (selected.index === 0) expectTypeOf(selected.value).toBeNumber();
    else expectTypeOf(selected.value).toBeString();
    expect(selected).toEqual({ index: 1, value: 'a' });
  });

  test('takes arrays of any length', async () => {
    const { numbers } = queues();
    numbers.tryPut(1);
    const arms: Arm<number>[] = [numbers.taking()];
    const selected = await select(arms);
    expectTypeOf(selected).toEqualTypeOf<{ readonly index: number; readonly value: number }>();
    expect(selected).toEqual({ index: 0, value: 1 });
  });

  test('commits the first arm that is ready, in the order of the array, and no other', async () => {
    const { numbers, words } = queues();
    numbers.tryPut(1);
    words.tryPut('a');
    expect(await select([words.taking(), numbers.taking()])).toEqual({ index: 0, value: 'a' });
    expect([numbers.size, words.size]).toEqual([1, 0]);
    expect([numbers.waitingTakers, words.waitingTakers]).toEqual([0, 0]);
  });

  test('waits for the first arm that becomes ready, and leaves the lines of the others', async () => {
    const { numbers, words } = queues();
    const selected = watch(select([numbers.taking(), words.taking()]));
    await turn();
    expect([selected.state, numbers.waitingTakers, words.waitingTakers]).toEqual(['pending', 1, 1]);
    words.tryPut('a');
    expect([words.size, numbers.waitingTakers, words.waitingTakers]).toEqual([0, 0, 0]);
    numbers.tryPut(1);
    await turn();
    expect(selected.value).toEqual({ index: 1, value: 'a' });
    expect(numbers.tryTake()).toBe(1);
  });

  test('stands in line with takers', async () => {
    const { numbers, words } = queues();
    const first = numbers.take();
    const selected = select([words.taking(), numbers.taking()]);
    const last = numbers.take();
    for (const item of [1, 2, 3]) numbers.tryPut(item);
    expect(await Promise.all([first, selected, last])).toEqual([1, { index: 1, value: 2 }, 3]);
  });

  test('takes from a put that waits, also where the capacity is 0', async () => {
    const queue = new AsyncQueue<string>({ capacity: 0 });
    const { numbers } = queues();
    const put = queue.put('a');
    expect(await select([numbers.taking(), queue.taking()])).toEqual({ index: 1, value: 'a' });
    await put;
    const selected = select([numbers.taking(), queue.taking()]);
    expect([queue.tryPut('b'), queue.tryPut('c')]).toEqual([true, false]);
    expect(await selected).toEqual({ index: 1, value: 'b' });
    const another = select([queue.taking()]);
    await queue.put('d');
    expect((await another).value).toBe('d');
  });

  test('takes the same arm twice, and two arms of the same queue', async () => {
    const { numbers } = queues();
    const arm = numbers.taking();
    const selected = select([arm, arm, numbers.taking()]);
    numbers.tryPut(1);
    expect(await selected).toEqual({ index: 0, value: 1 });
    expect(numbers.waitingTakers).toBe(0);
  });

  test('shares an arm with other selects, which are served in turn', async () => {
    const { numbers } = queues();
    const arms = [numbers.taking()] as const;
    const selects = [select(arms), select(arms), select(arms)];
    expect(numbers.waitingTakers).toBe(3);
    for (const item of [1, 2, 3]) numbers.tryPut(item);
    expect((await Promise.all(selects)).map(({ value }) => value)).toEqual([1, 2, 3]);
  });

  test('gives items that are promises as they are', async () => {
    const queue = new AsyncQueue<Promise<number>>({ capacity: 1 });
    const item = Promise.resolve(1);
    queue.tryPut(item);
    expect((await select([queue.taking()])).value).toBe(item);
  });

  test('rejects with what a queue that has ended says, and touches no other', async () => {
    const { numbers, words } = queues();
    const error = new Error('broken');
    const waiting = errorOf(select([words.taking(), numbers.taking()]));
    numbers.fail(error);
    expect(await waiting).toBe(error);
    expect([words.waitingTakers, numbers.waitingTakers]).toEqual([0, 0]);
    words.close();
    expect(await errorOf(select([words.taking()]))).toBeInstanceOf(QueueClosedError);
    words.abort();
    const last = new AsyncQueue<string>({ capacity: 1 });
    last.tryPut('a');
    last.close();
    expect((await select([last.taking(), words.taking()])).value).toBe('a');
  });

  test('needs an arm', async () => {
    expect(await errorOf(select([]))).toEqual(new RangeError('expected at least one arm, saw none'));
  });

  test('works with any arm: polls in order, enlists in order, leaves all lines after the commit', async () => {
    const first = loggingArm<string>([undefined, undefined]);
    const second = loggingArm<number>([undefined, undefined, { value: 7 }]);
    const selected = watch(select([first.arm, second.arm]));
    expect([first.log, second.log]).toEqual([
      ['tryCommit', 'enlist'],
      ['tryCommit', 'enlist'],
    ]);
    second.waiters[0]?.wake();
    await turn();
    expect(selected.state).toBe('pending');
    first.waiters[0]?.wake();
    first.waiters[0]?.wake();
    await turn();
    expect(selected.value).toEqual({ index: 1, value: 7 });
    expect(first.log).toEqual(['tryCommit', 'enlist', 'tryCommit', 'tryCommit', 'withdraw']);
    expect(second.log).toEqual(['tryCommit', 'enlist', 'tryCommit', 'tryCommit', 'withdraw']);
  });

  test('commits once if an arm wakes it while it commits', async () => {
    const waiters: Waiter[] = [];
    let commits = 0;
    const arm: Arm<number> = {
      tryCommit: () => {
        if (waiters.length === 0) return undefined;
        commits++;
        for (const waiter of waiters) waiter.wake();
        return { value: commits };
      },
      enlist: (waiter) => {
        waiters.push(waiter);
        waiter.wake();
      },
      withdraw: () => {},
    };
    expect(await select([arm])).toEqual({ index: 0, value: 1 });
    expect(commits).toBe(1);
  });
});

describe('select, called off', () => {
  test('by a signal, before and while it waits: no arm commits, all lines are left', async () => {
    const { numbers, words } = queues();
    words.tryPut('a');
    expect(await errorOf(select([words.taking()], { signal: AbortSignal.abort('reason') }))).toBe('reason');
    expect(words.tryTake()).toBe('a');
    const controller = new AbortController();
    const selected = errorOf(select([numbers.taking(), words.taking()], { signal: controller.signal }));
    controller.abort('reason');
    expect([numbers.waitingTakers, words.waitingTakers]).toEqual([0, 0]);
    numbers.tryPut(1);
    expect([await selected, numbers.size]).toEqual(['reason', 1]);
  });

  test('by a timeout, leaves no timer; nor does one that was in time', async () => {
    const clock = new TestClock();
    const { numbers, words } = queues();
    const op = { timeoutMs: 50, timers: clock };
    const late = errorOf(select([numbers.taking(), words.taking()], op));
    await clock.advanceAsync(100);
    const error = await late;
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ operation: 'select', timeoutMs: 50 });
    const inTime = select([numbers.taking(), words.taking()], op);
    numbers.tryPut(1);
    expect((await inTime).value).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test('by a scope after it has committed, is what it was', async () => {
    const scope = openCancelScope();
    const { numbers } = queues();
    const selected = select([numbers.taking()], { scope });
    numbers.tryPut(1);
    scope.cancel('too late');
    expect((await selected).value).toBe(1);
  });
});

describe('AsyncQueue.taking, with a waiter that comes later', () => {
  test('keeps its place until it comes', () => {
    const { numbers } = queues();
    const [first, second] = [new LateWaiter(), new LateWaiter()];
    const arms = [numbers.taking(), numbers.taking()] as const;
    arms[0].enlist(first);
    arms[1].enlist(second);
    numbers.tryPut(1);
    expect([first.woken > 0, second.woken]).toEqual([true, 0]);
    expect(arms[0].tryCommit()).toEqual({ value: 1 });
    arms[0].withdraw(first);
    expect([numbers.size, numbers.waitingTakers, arms[1].tryCommit()]).toEqual([0, 1, undefined]);
    numbers.tryPut(2);
    expect([second.woken > 0, arms[1].tryCommit()]).toEqual([true, { value: 2 }]);
    arms[1].withdraw(second);
    arms[1].withdraw(second);
    expect(numbers.waitingTakers).toBe(0);
  });

  test('passes a wake-up that it does not use to the next in line', async () => {
    const { numbers } = queues();
    const waiter = new LateWaiter();
    const arm = numbers.taking();
    arm.enlist(waiter);
    arm.enlist(waiter);
    const taken = watch(numbers.take());
    numbers.tryPut(1);
    await turn();
    expect(taken.state).toBe('pending');
    arm.withdraw(waiter);
    await turn();
    expect(taken.value).toBe(1);
  });

  test('wakes at once who comes to a queue with items, or to one that has ended', () => {
    const { numbers, words } = queues();
    const waiter = new LateWaiter();
    numbers.tryPut(1);
    numbers.taking().enlist(waiter);
    expect(waiter.woken).toBe(1);
    words.close();
    words.taking().enlist(waiter);
    expect([waiter.woken, words.waitingTakers]).toEqual([2, 0]);
  });

  test('a tryPut of capacity 0 is refused if nobody comes for its item', () => {
    const queue = new AsyncQueue<string>({ capacity: 0 });
    const waiter = new LateWaiter();
    const arm = queue.taking();
    arm.enlist(waiter);
    expect([queue.tryPut('a'), waiter.woken, queue.waitingPutters, arm.tryCommit()]).toEqual([false, 1, 0, undefined]);
    void queue.put('b');
    expect([waiter.woken > 1, arm.tryCommit()]).toEqual([true, { value: 'b' }]);
  });
});
