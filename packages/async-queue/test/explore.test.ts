import { beforeAll, describe, expect, test } from 'vitest';
import { everyProgram, explore, TestClock } from '@millrace/testkit';
import type { Exploration, Program, ScheduleError, Step } from '@millrace/testkit';
import { openCancelScope } from '@millrace/timeouts';
import type { CancelScope, Op } from '@millrace/timeouts';
import { AsyncQueue, QueueClosedError } from '../src/index.js';
import type { QueueOptions } from '../src/index.js';
import { select } from '../src/select.js';
import { BrokenQueue } from './fixtures/broken-queue.js';

// `pnpm explore --depth 6` asks for longer programs than these, which every run can afford.
const environment = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env;
const DEPTH = Number(environment?.['MILLRACE_EXPLORE_DEPTH'] ?? 4);

const CANCELLED = 'cancelled';
const ABORTED = 'aborted';

/** An operation that was begun, and what has become of it. */
interface Operation {
  readonly kind: 'put' | 'take';
  state: 'pending' | 'done' | 'off';
  /** What is put, or was taken. Items count up; the even ones are for the first queue, the odd ones for the second. */
  items: readonly number[];
}

/** Two queues, and all that was done with them, in the order of the calls. */
class Subject {
  readonly clock = new TestClock();
  readonly queues: readonly [AsyncQueue<number>, AsyncQueue<number>];
  readonly operations: Operation[] = [];
  /** What `abort` gave back. */
  returned: number[] = [];
  private readonly _scopes: CancelScope[] = [];
  private readonly _itemsMade = [0, 1];

  constructor(make: new (options: QueueOptions<number>) => AsyncQueue<number>, capacity: number) {
    this.queues = [new make({ capacity, timers: this.clock }), new make({ capacity, timers: this.clock })];
  }

  nextItem(queue: 0 | 1): number {
    const item = this._itemsMade[queue] ?? queue;
    this._itemsMade[queue] = item + 2;
    return item;
  }

  /** An operation option that `cancel` ends. */
  scoped(): Op {
    const scope = openCancelScope({ timers: this.clock });
    this._scopes.push(scope);
    return { scope };
  }

  /** Ends the oldest operation that has not been ended so. */
  cancel(): void {
    this._scopes.shift()?.cancel(CANCELLED);
  }

  put(item: number, outcome: Promise<void> | boolean): Promise<unknown> | undefined {
    return this._note<unknown>({ kind: 'put', state: 'pending', items: [item] }, outcome, () => [item]);
  }

  take<R>(outcome: Promise<R> | R, itemsOf: (result: R) => readonly number[]): Promise<unknown> | undefined {
    return this._note({ kind: 'take', state: 'pending', items: [] }, outcome, itemsOf);
  }

  /** Takes a batch of up to two from the first queue; what is there is to be gone when the call returns. */
  takeBatch(op?: Op): Promise<number[]> {
    const [queue] = this.queues;
    const supply = (): number => queue.size + queue.waitingPutters;
    const left = queue.waitingTakers > 0 ? supply() : Math.max(0, supply() - 2);
    const batch = queue.takeUpTo(2, op);
    ensure(supply() === left, `${supply()} items were left by a batch, not ${left}`);
    return batch;
  }

  private _note<R>(
    operation: Operation,
    outcome: Promise<R> | R,
    itemsOf: (result: R) => readonly number[],
  ): Promise<unknown> | undefined {
    this.operations.push(operation);
    const done = (result: R): void => {
      const isDone = result !== false;
      operation.state = isDone ? 'done' : 'off';
      if (isDone) operation.items = itemsOf(result);
    };
    if (!(outcome instanceof Promise)) {
      done(outcome);
      return undefined;
    }
    outcome.then(done, () => {
      operation.state = 'off';
    });
    return outcome;
  }
}

const one = (item: number): number[] => [item];
const many = (items: number[]): number[] => items;
const maybe = (item: number | undefined): number[] => (item === undefined ? [] : [item]);
const selected = ({ value }: { value: number }): number[] => [value];

const putting = (
  name: string,
  queue: 0 | 1,
  put: (subject: Subject, item: number) => Promise<void> | boolean,
): Step<Subject> => ({
  name,
  run: (subject) => {
    const item = subject.nextItem(queue);
    return subject.put(item, put(subject, item));
  },
});
const taking = <R>(
  name: string,
  take: (subject: Subject) => Promise<R> | R,
  itemsOf: (result: R) => readonly number[],
): Step<Subject> => ({ name, run: (subject) => subject.take(take(subject), itemsOf) });
const doing = (name: string, run: (subject: Subject) => void): Step<Subject> => ({ name, run });

const step = {
  put: putting('put', 0, ({ queues }, item) => queues[0].put(item)),
  putScoped: putting('put scoped', 0, (subject, item) => subject.queues[0].put(item, subject.scoped())),
  tryPut: putting('tryPut', 0, ({ queues }, item) => queues[0].tryPut(item)),
  putOther: putting('put other', 1, ({ queues }, item) => queues[1].put(item)),
  take: taking('take', ({ queues }) => queues[0].take(), one),
  takeScoped: taking('take scoped', (subject) => subject.queues[0].take(subject.scoped()), one),
  takeTimed: taking('take timed', ({ queues }) => queues[0].take({ timeoutMs: 10 }), one),
  takeOther: taking('take other', ({ queues }) => queues[1].take(), one),
  tryTake: taking('tryTake', ({ queues }) => queues[0].tryTake(), maybe),
  takeUpTo: taking('takeUpTo', (subject) => subject.takeBatch(), many),
  takeUpToScoped: taking('takeUpTo scoped', (subject) => subject.takeBatch(subject.scoped()), many),
  selectBoth: taking('select', ({ queues }) => select([queues[0].taking(), queues[1].taking()]), selected),
  selectBack: taking('select back', ({ queues }) => select([queues[1].taking(), queues[0].taking()]), selected),
  selectScoped: taking(
    'select scoped',
    (subject) => select([subject.queues[0].taking(), subject.queues[1].taking()], subject.scoped()),
    selected,
  ),
  selectTimed: taking(
    'select timed',
    ({ queues, clock }) => select([queues[0].taking(), queues[1].taking()], { timeoutMs: 10, timers: clock }),
    selected,
  ),
  cancel: doing('cancel', (subject) => {
    subject.cancel();
  }),
  close: doing('close', ({ queues }) => {
    queues[0].close();
  }),
  abort: doing('abort', (subject) => {
    subject.returned.push(...subject.queues[0].abort(ABORTED));
  }),
} as const;

/** Whether an operation may reject so: only with what ended it. */
function isExpected(error: unknown): boolean {
  if (error === CANCELLED || error === ABORTED || error instanceof QueueClosedError) return true;
  return error instanceof Error && error.name === 'TimeoutError';
}

function ensure(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(what);
}

/** Delivered XOR called off, once, and in order. `isSettled`: what has been decided can be seen. */
function checkItems(subject: Subject, isSettled: boolean): Set<number> {
  const putBy = new Map<number, Operation>();
  for (const operation of subject.operations)
    if (operation.kind === 'put') putBy.set(operation.items[0] ?? -1, operation);
  const delivered = new Set<number>();
  const last = [-1, -1];
  const deliver = (item: number): void => {
    ensure(!delivered.has(item), `item ${item} was doubled`);
    delivered.add(item);
    const put = putBy.get(item);
    ensure(put !== undefined && put.state !== 'off', `item ${item} was delivered, and its put called off`);
    ensure(!isSettled || put?.state === 'done', `item ${item} was delivered, and its put waits`);
  };
  for (const { kind, state, items } of subject.operations) {
    if (kind !== 'take' || state !== 'done') continue;
    items.forEach(deliver);
    const [first] = items;
    if (first === undefined) continue;
    // The rest of a batch is taken when the batch is seen, so others may have come before that.
    ensure(
      first > (last[first % 2] ?? -1),
      `item ${first} came after ${last[first % 2] ?? -1}: not first in first out`,
    );
    last[first % 2] = first;
  }
  subject.returned.forEach(deliver);
  return delivered;
}

function program(
  tasks: readonly (readonly Step<Subject>[])[],
  capacity = 1,
  make: new (options: QueueOptions<number>) => AsyncQueue<number> = AsyncQueue,
): Program<Subject> {
  return {
    tasks,
    setup: () => new Subject(make, capacity),
    clock: ({ clock }) => clock,
    mayFail: ({ error }) => isExpected(error),
    invariant: (subject, run) => {
      const delivered = checkItems(subject, run.isDrained);
      for (const queue of subject.queues) {
        ensure(queue.size <= capacity, `${queue.size} items in a queue of ${capacity}`);
        ensure(queue.size === 0 || queue.waitingTakers === 0, 'a taker waits for what is there');
        ensure(queue.waitingPutters === 0 || queue.size === capacity, 'a putter waits for room that is there');
        ensure(queue.waitingPutters === 0 || queue.waitingTakers === 0, 'a putter and a taker wait for each other');
        ensure(!run.isClosed || queue.waitingTakers + queue.waitingPutters === 0, 'somebody waits after the close');
      }
      if (!run.isClosed || !run.isDrained) return;
      for (const { kind, state, items } of subject.operations) {
        ensure(state !== 'pending', 'an operation has not settled');
        if (kind !== 'put' || state !== 'done') continue;
        ensure(delivered.has(items[0] ?? -1), `item ${items[0] ?? -1} was lost`);
      }
    },
    close: (subject) => {
      for (const queue of subject.queues) subject.returned.push(...queue.abort(ABORTED));
    },
  };
}

async function exploreAll(what: string, programs: Iterable<Program<Subject>>): Promise<void> {
  const sum = { programs: 0, schedules: 0, states: 0 };
  for (const each of programs) {
    const { schedules, states }: Exploration = await explore(each, { maxTicks: 1 });
    sum.programs++;
    sum.schedules += schedules;
    sum.states += states;
  }
  console.log(`${what}: ${sum.programs} programs, ${sum.schedules} schedules, ${sum.states} states`);
}

const { put, putScoped, tryPut, putOther, take, takeScoped, takeTimed, takeOther, tryTake } = step;
const { takeUpTo, takeUpToScoped } = step;
const { selectBoth, selectBack, selectScoped, selectTimed, cancel, close, abort } = step;
const queueAlphabet = [put, putScoped, tryPut, take, takeScoped, tryTake, takeUpTo, cancel, close];
const longQueueAlphabet = [...queueAlphabet, takeTimed, takeUpToScoped, abort];
const selectAlphabet = [put, putOther, take, selectBoth, selectBack, selectScoped, cancel, close];
const longSelectAlphabet = [...selectAlphabet, tryPut, takeOther, selectTimed, abort];

describe('all small programs', () => {
  beforeAll(() => {
    for (const [name, steps] of Object.entries({
      queueAlphabet,
      longQueueAlphabet,
      selectAlphabet,
      longSelectAlphabet,
    })) {
      console.log(`${name}: ${steps.map((each) => each.name).join(', ')}`);
    }
  });

  // Some of these take seconds, also on a machine with nothing else to do; deeper ones take hours.
  const patience = { timeout: DEPTH > 4 ? 86_400_000 : 300_000 };

  test.each([
    ['queue', queueAlphabet, DEPTH, 1],
    ['queue with clock and abort', longQueueAlphabet, DEPTH - 1, 1],
    ['queue of capacity 0', longQueueAlphabet, DEPTH - 1, 0],
    ['select', selectAlphabet, DEPTH, 1],
    ['select with clock and abort', longSelectAlphabet, DEPTH - 1, 1],
    ['select of capacity 0', longSelectAlphabet, DEPTH - 1, 0],
  ])('%s: programs in up to 3 tasks', patience, async (what, alphabet, operations, capacity) => {
    function* programs(): Generator<Program<Subject>> {
      for (const tasks of everyProgram(alphabet, { operations, tasks: 3 })) yield program(tasks, capacity);
    }
    await exploreAll(`${what}, up to ${operations} operations`, programs());
  });
});

/** Six operations each. What the name says happens in some of the orders; the checks hold in all of them. */
const named: readonly [string, number, readonly (readonly Step<Subject>[])[]][] = [
  ['a producer and two consumers', 1, [[put, put, put], [take, take], [take]]],
  ['two producers and a consumer', 1, [[put, put], [put], [take, take, take]]],
  ['two producers and a consumer, by hand', 0, [[put, put], [put], [take, take, take]]],
  [
    'a taker is called off while it is handed an item',
    1,
    [
      [takeScoped, take],
      [put, put],
      [cancel, tryTake],
    ],
  ],
  ['the first of three takers is called off', 1, [[takeScoped], [take], [take], [put, put], [cancel]]],
  ['the second of three takers is called off', 0, [[take], [takeScoped], [take], [put, put], [cancel]]],
  [
    'a putter is called off while there is room',
    1,
    [
      [put, putScoped],
      [take, take],
      [cancel, tryPut],
    ],
  ],
  [
    'a putter is called off, by hand',
    0,
    [
      [putScoped, put],
      [take, take],
      [cancel, tryTake],
    ],
  ],
  [
    'both ends are called off',
    0,
    [
      [putScoped, take],
      [takeScoped, put],
      [cancel, cancel],
    ],
  ],
  [
    'two operations run out of time while items come',
    1,
    [
      [takeTimed, takeTimed],
      [put, tryPut],
      [take, tryTake],
    ],
  ],
  ['a batch and a taker', 1, [[takeUpTo, takeUpTo], [put, put, put], [take]]],
  [
    'a batch is called off',
    1,
    [
      [takeUpToScoped, takeUpTo],
      [put, put],
      [cancel, tryTake],
    ],
  ],
  ['a batch by hand', 0, [[takeUpTo, takeUpTo], [put, put], [put], [tryTake]]],
  ['a close among putters', 1, [[put, put, put], [close, tryTake], [take]]],
  ['a close among takers', 1, [[take, take], [takeUpTo], [put, close, put]]],
  [
    'an abort among both',
    1,
    [
      [put, put],
      [take, take],
      [abort, tryPut],
    ],
  ],
  [
    'an abort and a call-off',
    1,
    [
      [putScoped, putScoped],
      [cancel, abort],
      [take, tryTake],
    ],
  ],
  [
    'a select and two producers',
    1,
    [
      [selectBoth, selectBoth],
      [put, put],
      [putOther, putOther],
    ],
  ],
  [
    'a select and two producers, by hand',
    0,
    [
      [selectBoth, selectBoth],
      [put, put],
      [putOther, putOther],
    ],
  ],
  [
    'two selects the other way round',
    1,
    [
      [selectBoth, selectBoth],
      [selectBack, selectBack],
      [put, putOther],
    ],
  ],
  ['a select in line with takers', 1, [[selectBoth], [take, take], [put, put, putOther]]],
  ['a select in line with takers, by hand', 0, [[selectBoth], [take, takeOther], [put, put, putOther]]],
  [
    'a select is called off while it commits',
    1,
    [
      [selectScoped, selectBack],
      [put, putOther],
      [cancel, tryTake],
    ],
  ],
  ['the first of two selects is called off', 0, [[selectScoped], [selectBoth], [put, putOther], [cancel, tryTake]]],
  [
    'a select runs out of time',
    1,
    [
      [selectTimed, selectTimed],
      [put, putOther],
      [take, takeOther],
    ],
  ],
  [
    'a select from a queue that is closed',
    1,
    [
      [selectBoth, selectBoth],
      [put, close],
      [putOther, takeOther],
    ],
  ],
  [
    'a select from a queue that is aborted',
    0,
    [
      [selectBack, selectBoth],
      [put, putOther],
      [abort, takeOther],
    ],
  ],
];

describe('named programs of 6 operations', () => {
  test('are told apart by their names, and have 6 operations', () => {
    expect(new Set(named.map(([name]) => name)).size).toBe(named.length);
    for (const [, , tasks] of named) expect(tasks.flat().length).toBe(6);
  });

  test.each(named)('%s', (name, capacity, tasks) => exploreAll(name, [program(tasks, capacity)]));
});

describe('a queue that loses the item of a taker that is called off in the tick of the hand-over', () => {
  const broken = program([[takeScoped], [put], [cancel]], 1, BrokenQueue);

  async function failure(options?: { replay: string }): Promise<{ message: string; schedule: string }> {
    try {
      await explore(broken, options);
    } catch (error) {
      return error as ScheduleError;
    }
    throw new Error('the mistake was not found');
  }

  test('is caught, with the shortest schedule', async () => {
    const error = await failure();
    expect(error.message).toContain('item 0 was lost');
    expect(error.schedule).toBe('a1~.b1.c1~');
    expect((await failure({ replay: error.schedule })).message).toContain('item 0 was lost');
    console.log(error.message);
  });

  test('passes where nobody is called off, as the queue without the mistake does everywhere', async () => {
    await explore(program([[take], [put], [put]], 1, BrokenQueue));
    await explore(program([[takeScoped], [put], [cancel]]), { replay: 'a1~.b1.c1~' });
    await explore(program([[takeScoped], [put], [cancel]]));
  });
});
