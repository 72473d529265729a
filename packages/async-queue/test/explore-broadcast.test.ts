import { describe, expect, test } from 'vitest';
import { everyProgram, explore } from '@millrace/testkit';
import type { Program, Step } from '@millrace/testkit';
import { openCancelScope } from '@millrace/timeouts';
import type { CancelScope } from '@millrace/timeouts';
import { Broadcast, QueueClosedError } from '../src/broadcast.js';
import type { Subscription } from '../src/broadcast.js';
import { select } from '../src/select.js';

// `pnpm explore --depth 6` asks for longer programs than these, which every run can afford.
const environment = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env;
const DEPTH = Number(environment?.['MILLRACE_EXPLORE_DEPTH'] ?? 4);
const CANCELLED = 'cancelled';

/** A channel that waits for two subscriptions, and what the one that stays has got of what was put. */
class Subject {
  readonly channel: Broadcast<number>;
  readonly fast: Subscription<number>;
  readonly slow: Subscription<number>;
  /** In the order in which they were seen. */
  readonly got: number[] = [];
  /** In the order of the calls: whether the put was accepted; `undefined` while it waits. */
  readonly puts: (boolean | undefined)[] = [];
  readonly scopes: CancelScope[] = [];
  /** Takes that wait, or have been handed an item that is not seen yet. */
  pending = 0;

  constructor(capacity: number) {
    this.channel = new Broadcast<number>({ capacity, lag: 'wait' });
    this.fast = this.channel.subscribe();
    this.slow = this.channel.subscribe();
  }

  scoped(): { scope: CancelScope } {
    const scope = openCancelScope();
    this.scopes.push(scope);
    return { scope };
  }

  put(begin: (item: number) => Promise<void> | boolean): Promise<void> | undefined {
    const item = this.puts.push(undefined) - 1;
    const outcome = begin(item);
    if (!(outcome instanceof Promise)) {
      this.puts[item] = outcome;
      return undefined;
    }
    outcome.then(
      () => (this.puts[item] = true),
      () => (this.puts[item] = false),
    );
    return outcome;
  }

  async take<R>(outcome: Promise<R>, itemOf: (result: R) => number): Promise<void> {
    this.pending++;
    try {
      this.got.push(itemOf(await outcome));
    } finally {
      this.pending--;
    }
  }
}

// Detached: a task goes on while its operations wait, so that several of one kind stand in line.
const step = (name: string, run: (subject: Subject) => unknown): Step<Subject> => ({ name, detached: true, run });
const put = step('put', (subject) => subject.put((item) => subject.channel.put(item)));
const putScoped = step('put scoped', (subject) => subject.put((item) => subject.channel.put(item, subject.scoped())));
const tryPut = step('tryPut', (subject) => subject.put((item) => subject.channel.tryPut(item)));
const itself = (item: number): number => item;
const take = step('take', (subject) => subject.take(subject.fast.take(), itself));
const takeScoped = step('take scoped', (subject) => subject.take(subject.fast.take(subject.scoped()), itself));
const selectFast = step('select', (subject) => subject.take(select([subject.fast.taking()]), ({ value }) => value));
const takeSlow = step('take slow', (subject) => subject.slow.take());
const tryTakeSlow = step('tryTake slow', (subject) => {
  subject.slow.tryTake();
});
const leave = step('leave', (subject) => {
  subject.slow.close();
});
const cancel = step('cancel', (subject) => subject.scopes.shift()?.cancel(CANCELLED));
const close = step('close', (subject) => {
  subject.channel.close();
});

function ensure(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(what);
}

/** Everybody gets all that was accepted, in the order in which it was put. */
function checkItems({ got, puts, pending, fast }: Subject, isClosed: boolean): void {
  ensure(
    got.every((item, at) => at === 0 || item > (got[at - 1] ?? -1)),
    `got ${got.join()}: not in order`,
  );
  for (const item of got) ensure(puts[item] !== false, `item ${item} was delivered, and its put called off`);
  if (pending > 0 || !isClosed) return;
  const accepted = puts.flatMap((isAccepted, item) => (isAccepted === true ? [item] : []));
  const all = [...got];
  for (let item = fast.tryTake(); item !== undefined; item = fast.tryTake()) all.push(item);
  ensure(all.join() === accepted.join(), `accepted ${accepted.join()}, got ${all.join()}`);
}

function program(tasks: readonly (readonly Step<Subject>[])[], capacity: number): Program<Subject> {
  return {
    tasks,
    setup: () => new Subject(capacity),
    mayFail: ({ error }) => error === CANCELLED || error instanceof QueueClosedError,
    invariant: (subject, run) => {
      const { channel, fast, slow } = subject;
      ensure(fast.size === 0 || fast.waitingTakers === 0, 'a taker waits for what is there');
      ensure(Math.max(fast.size, slow.size) <= capacity, 'more is kept than the capacity');
      const isFull = Math.max(fast.size, slow.size) === capacity;
      ensure(channel.waitingPutters === 0 || isFull, 'a putter waits for room that is there');
      const waiting = channel.waitingPutters + fast.waitingTakers + slow.waitingTakers;
      ensure(!run.isClosed || waiting === 0, 'somebody waits after the close');
      if (run.isDrained) checkItems(subject, run.isClosed);
    },
    close: ({ channel }) => {
      channel.close();
    },
  };
}

const alphabet = [put, putScoped, tryPut, take, takeScoped, selectFast, takeSlow, tryTakeSlow, leave, cancel, close];

describe('a broadcast channel that waits', () => {
  const patience = { timeout: DEPTH > 4 ? 86_400_000 : 300_000 };

  test.each([1, 2])('with room for %d: programs in up to 3 tasks', patience, async (capacity) => {
    const sum = { programs: 0, schedules: 0, states: 0 };
    for (const tasks of everyProgram(alphabet, { operations: DEPTH - 1, tasks: 3 })) {
      const { schedules, states } = await explore(program(tasks, capacity));
      sum.programs++;
      sum.schedules += schedules;
      sum.states += states;
    }
    console.log(`broadcast of ${capacity}, ${alphabet.map(({ name }) => name).join(', ')}:`);
    console.log(`${sum.programs} programs, ${sum.schedules} schedules, ${sum.states} states`);
    if (DEPTH >= 4) expect(sum.programs).toBeGreaterThan(1000);
    expect(sum.programs).toBeGreaterThan(100);
  });

  test.each<[string, number, (readonly Step<Subject>[])[]]>([
    ['a subscription leaves takes and puts to each other', 1, [[take, take, take], [put, put, put], [leave]]],
    [
      'a subscription leaves selects and puts to each other',
      1,
      [[selectFast, take, selectFast], [put, put, put], [leave]],
    ],
    ['a subscription leaves a deeper ring', 2, [[take, take, take], [put, put, put, put], [leave]]],
    [
      'a slow subscription makes room for several',
      1,
      [
        [take, take],
        [put, put, put],
        [takeSlow, tryTakeSlow],
      ],
    ],
    [
      'puts are called off while a subscription leaves',
      1,
      [
        [take, take],
        [putScoped, put, putScoped],
        [cancel, leave],
      ],
    ],
    [
      'takes are called off while a subscription leaves',
      1,
      [
        [takeScoped, take],
        [put, put, put],
        [cancel, leave],
      ],
    ],
    [
      'a close among puts',
      1,
      [
        [take, take],
        [put, put, tryPut],
        [leave, close],
      ],
    ],
  ])('%s', async (_, capacity, tasks) => {
    expect((await explore(program(tasks, capacity))).schedules).toBeGreaterThan(100);
  });
});
