import { describe, expect, test } from 'vitest';
import { explore, ScheduleError, TestClock } from '../src/index.js';
import type { ExploreOptions, Program, Step } from '../src/index.js';
import { BrokenQueue } from './fixtures/broken-queue.js';

async function failureOf<S>(program: Program<S>, options?: ExploreOptions): Promise<ScheduleError> {
  const outcome = await explore(program, options).then(
    () => undefined,
    (error: unknown) => error as ScheduleError,
  );
  if (outcome === undefined) throw new Error('the program did not fail');
  return outcome;
}

/** Collects the schedules that were run to their end. */
async function schedulesOf<S>(program: Program<S>, options?: ExploreOptions): Promise<string[]> {
  const schedules: string[] = [];
  const atEnd: Program<S>['atEnd'] = (_, run) => void schedules.push(run.schedule);
  const { schedules: count } = await explore({ ...program, atEnd }, options);
  expect(count).toBe(schedules.length);
  return schedules;
}

const nothing: Step<unknown> = { name: 'nothing', run: () => {} };
const asyncNothing: Step<unknown> = { name: 'async nothing', run: async () => {} };
const idle = { setup: () => ({}) };

/** A lock that is told to be free before the next holder, which comes a microtask later, has it. */
class LeakyLock {
  isHeld = false;
  holders = 0;
  private readonly _waiting: (() => void)[] = [];

  async lock(): Promise<void> {
    if (this.isHeld) await new Promise<void>((resolve) => this._waiting.push(resolve));
    this.isHeld = true;
    this.holders++;
  }

  unlock(): void {
    this.holders--;
    this.isHeld = false;
    this._waiting.shift()?.();
  }
}

const lock: Step<LeakyLock> = { name: 'lock', run: (subject) => subject.lock() };
const unlock: Step<LeakyLock> = {
  name: 'unlock',
  run: (subject) => {
    subject.unlock();
  },
};
const user = [lock, unlock];
const leaky: Program<LeakyLock> = {
  setup: () => new LeakyLock(),
  tasks: [user, user, user],
  invariant: (subject) => {
    if (subject.holders > 1) throw new RangeError(`${subject.holders} hold the lock`);
  },
};

describe('explore: orders', () => {
  test('runs every order of the tasks, with and without microtasks in between', async () => {
    const schedules = await schedulesOf({ ...idle, tasks: [[nothing, nothing], [nothing]] });
    const orders = ['a1 a2 b1', 'a1 b1 a2', 'b1 a1 a2'];
    const marked = orders.flatMap((order) =>
      ['~.~.', '~..', '.~.', '..'].map((marks) =>
        order
          .replace(/ /g, () => '')
          .replace(/(..)(..)(..)/, (_, x, y, z) => {
            const [first = '', second = ''] = marks.split('.');
            return `${x}${first}.${y}${second}.${z}~`;
          }),
      ),
    );
    expect(schedules.toSorted()).toEqual(marked.toSorted());
  });

  test('lets a task wait for the promise of its last step, unless the step is detached', async () => {
    expect(await schedulesOf({ ...idle, tasks: [[asyncNothing, nothing]] })).toEqual(['a1~.a2~']);
    const detached = { ...asyncNothing, detached: true };
    expect(await schedulesOf({ ...idle, tasks: [[detached, nothing]] })).toEqual(['a1~.a2~', 'a1.a2~']);
  });

  test('does nothing between two steps that follow each other at once', async () => {
    const log: string[] = [];
    const say = (name: string): Step<unknown> => ({
      name,
      run: () => {
        log.push(name);
        queueMicrotask(() => log.push(`${name} later`));
      },
    });
    await explore({ ...idle, tasks: [[say('one')], [say('two')]] }, { replay: 'a1.b1' });
    expect(log).toEqual(['one', 'two', 'one later', 'two later']);
    log.length = 0;
    await explore({ ...idle, tasks: [[say('one')], [say('two')]] }, { replay: 'a1~.b1' });
    expect(log).toEqual(['one', 'one later', 'two', 'two later']);
  });

  test('waits for long chains of microtasks', async () => {
    let hops = 0;
    const chain: Step<unknown> = {
      name: 'chain',
      run: async () => {
        for (hops = 0; hops < 1000; hops++) await Promise.resolve();
      },
    };
    const program = {
      ...idle,
      tasks: [[chain]],
      invariant: (_: unknown, run: { isDrained: boolean }) => {
        if (run.isDrained && hops < 1000) throw new Error(`drained after ${hops} hops`);
      },
    };
    expect(await explore(program)).toEqual({ schedules: 1, states: 1, longest: 1 });
  });

  test('runs rounds of microtasks on demand', async () => {
    const tasks = [[nothing], [nothing]];
    const schedules = await schedulesOf({ ...idle, tasks }, { rounds: 2 });
    expect(schedules).toEqual(['a1~.b1~', 'a1.b1~', "a1'.b1~", "a1''.b1~", 'b1~.a1~', 'b1.a1~', "b1'.a1~", "b1''.a1~"]);
    const seen: number[] = [];
    let hops = 0;
    const hop = {
      name: 'hop',
      run: async () => {
        for (hops = 0; hops < 5; hops++) await Promise.resolve();
      },
    };
    const look = { name: 'look', run: () => void seen.push(hops) };
    await explore({ ...idle, tasks: [[hop], [look]] }, { rounds: 2, replay: "a1''.b1" });
    await explore({ ...idle, tasks: [[hop], [look]] }, { rounds: 1, replay: "a1'.b1" });
    expect(seen).toEqual([2, 1]);
  });

  test('runs one order of tasks that are the same, if told that they are', async () => {
    const all = await explore({ ...leaky, invariant: () => {} });
    const some = await explore({ ...leaky, invariant: () => {} }, { symmetric: true });
    expect(all.schedules).toBe(6 * some.schedules);
    expect((await failureOf(leaky, { symmetric: true })).schedule).toBe('a1~.b1~.a2.c1~');
  });

  test('does not go on from a state that the program says it has been in, and finds the failure nevertheless', async () => {
    const fingerprint = (subject: LeakyLock): string => `${subject.isHeld} ${subject.holders}`;
    const all = await explore({ ...leaky, invariant: () => {} });
    const some = await explore({ ...leaky, invariant: () => {}, fingerprint });
    expect(some.states).toBeLessThan(all.states / 2);
    expect((await failureOf({ ...leaky, fingerprint })).schedule).toBe('a1~.b1~.a2.c1~');
  });

  test('gives the host a turn now and then', async () => {
    let turns = 0;
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => turns++);
    port1.start();
    port2.postMessage(null);
    const four = [nothing, nothing, nothing, nothing];
    await explore({ ...idle, tasks: [four, four] });
    port1.close();
    expect(turns).toBe(1);
  });
});

describe('explore: what is a failure', () => {
  test('a check that throws: the shortest schedule for it is reported and can be replayed', async () => {
    const failure = await failureOf(leaky);
    expect(failure).toMatchObject({
      name: 'ScheduleError',
      code: 'ERR_TESTKIT_SCHEDULE',
      program: 'lock, unlock | lock, unlock | lock, unlock',
      schedule: 'a1~.b1~.a2.c1~',
      cause: new RangeError('2 hold the lock'),
    });
    expect(failure.message).toContain('c1 lock was fulfilled: undefined');
    expect(failure.message).toContain("{ replay: 'a1~.b1~.a2.c1~' }");
    expect((await failureOf(leaky, { replay: failure.schedule })).message).toBe(failure.message);
    expect(await explore(leaky, { replay: 'a1~.b1~.a2~.c1' })).toEqual({ schedules: 1, states: 4, longest: 4 });
  });

  test('an item that a queue loses when its taker is called off in the same turn', async () => {
    interface World {
      queue: BrokenQueue;
      controller: AbortController;
      put: number;
    }
    const failure = await failureOf<World>({
      name: 'put against abort',
      setup: () => ({ queue: new BrokenQueue(), controller: new AbortController(), put: 0 }),
      tasks: [
        [{ name: 'take', run: (world) => world.queue.take(world.controller.signal) }],
        [
          {
            name: 'put',
            run: (world) => {
              world.queue.put(++world.put);
            },
          },
        ],
        [
          {
            name: 'abort',
            run: (world) => {
              world.controller.abort(new Error('called off'));
            },
          },
        ],
      ],
      mayFail: (call, world) => call.error === world.controller.signal.reason,
      mayWait: (call) => call.name === 'take',
      atEnd: (world, run) => {
        const taken = run.calls.filter((call) => call.name === 'take' && call.state === 'fulfilled').length;
        if (taken + world.queue.items.length !== world.put) throw new Error('an item is lost');
      },
    });
    expect(failure.message).toBe(
      'put against abort: an item is lost\n  a1 take was rejected: Error: called off\n  b1 put was fulfilled: undefined\n' +
        "  c1 abort was fulfilled: undefined\n  run it again with { replay: 'a1~.b1.c1~' }",
    );
  });

  test('anything that a check throws, and what is told of the calls', async () => {
    const returns = (value: unknown): Step<unknown> => ({ name: 'returns', run: () => value });
    const noError = 'no error' as unknown as Error;
    const fails = { name: 'fails', run: () => Promise.reject(noError) };
    const failure = await failureOf({
      ...idle,
      tasks: [[returns([1, 2]), returns({}), returns(null), fails]],
      mayFail: () => true,
      atEnd: () => {
        throw 'no error either' as unknown as Error;
      },
    });
    expect(failure.cause).toBe('no error either');
    expect(failure.message.split('\n')).toEqual([
      'returns, returns, returns, fails: no error either',
      '  a1 returns was fulfilled: an array of 2',
      '  a2 returns was fulfilled: an object',
      '  a3 returns was fulfilled: null',
      '  a4 fails was rejected: no error',
      expect.stringContaining('run it again'),
    ]);
  });

  test('a mayFail that throws', async () => {
    const fails = { name: 'fails', run: () => Promise.reject(new Error('first')) };
    const mayFail = (): boolean => {
      throw new Error('from the check');
    };
    expect((await failureOf({ ...idle, tasks: [[fails]], mayFail })).cause).toEqual(new Error('from the check'));
  });

  test('what a check finds after close', async () => {
    const invariant = (_: unknown, run: { isClosed: boolean; isDrained: boolean }): void => {
      if (run.isClosed && run.isDrained) throw new Error('after close');
    };
    const program = { ...idle, tasks: [[nothing]], close: () => {}, invariant };
    expect((await failureOf(program)).schedule).toBe('a1~');
  });

  test('a call that never settles, unless it may wait', async () => {
    const forever = { name: 'wait', run: () => new Promise(() => {}) };
    const program = { ...idle, tasks: [[forever, nothing]] };
    expect((await failureOf(program)).message).toMatch(
      /^wait, nothing: a1 wait never settles\n {2}a1 wait is pending\n/,
    );
    expect(await explore({ ...program, mayWait: (call) => call.token === 'a1' })).toMatchObject({ longest: 1 });
    expect((await failureOf({ ...program, mayWait: () => false, close: () => {} })).message).toContain('never settles');
  });

  test('a call that still waits after close', async () => {
    const setup = (): { resolve: (value: string) => void } => ({ resolve: () => {} });
    const wait: Step<ReturnType<typeof setup>> = {
      name: 'wait',
      run: (subject) =>
        new Promise((resolve) => {
          subject.resolve = resolve;
        }),
    };
    const program = { setup, tasks: [[wait]] };
    const settling = {
      ...program,
      close: (subject: ReturnType<typeof setup>) => {
        subject.resolve('closed');
      },
    };
    expect(await explore(settling)).toMatchObject({ schedules: 1 });
    expect((await failureOf({ ...program, close: () => {} })).message).toContain(
      'a1 wait is still pending after close',
    );
  });

  test('a step that throws or rejects, unless it may', async () => {
    const throws: Step<unknown> = {
      name: 'throws',
      run: () => {
        throw new Error('thrown');
      },
    };
    const rejects: Step<unknown> = { name: 'rejects', run: () => Promise.reject(new Error('rejected')) };
    expect((await failureOf({ ...idle, tasks: [[throws]] })).message).toMatch(/^throws: thrown\n.*Error: thrown/);
    expect((await failureOf({ ...idle, tasks: [[rejects]] })).message).toMatch(/^rejects: rejected\n.*Error: rejected/);
    const program = {
      ...idle,
      tasks: [[throws, rejects, nothing]],
      mayFail: (call: { error: unknown }) => call.error instanceof Error,
    };
    expect(await explore(program)).toMatchObject({ longest: 3 });
  });
});

describe('explore: time', () => {
  interface World {
    clock: TestClock;
    fired: number[];
  }
  const later = (ms: number): Step<World> => ({
    name: `in ${ms}`,
    run: ({ clock, fired }) => void clock.callLater(ms, () => fired.push(clock.now())),
  });
  const timed: Omit<Program<World>, 'tasks'> = {
    setup: () => ({ clock: new TestClock(), fired: [] }),
    clock: (world) => world.clock,
  };

  test('moves the clock to the next timer, before, between and after the steps', async () => {
    const schedules = await schedulesOf({ ...timed, tasks: [[later(5)], [later(7)]] }, { symmetric: true });
    expect(schedules).toContain('a1~.t~.b1~.t~');
    expect(schedules).toContain('a1.b1~.t~.t~');
    expect(schedules).toContain('a1~.t.b1~.t~');
    expect(schedules).not.toContain('a1.t~.b1~.t~');
    const fired: number[][] = [];
    await explore({ ...timed, tasks: [[later(5)], [later(7)]], atEnd: (world) => void fired.push(world.fired) });
    expect(new Set(fired.map(String))).toEqual(new Set(['5,7', '5,12', '7,12']));
  });

  test('may end before a timer fires where there is a close, after which none may be left', async () => {
    const program = { ...timed, tasks: [[later(5)]] };
    expect(await schedulesOf(program)).toEqual(['a1~.t~']);
    const closing = { ...program, close: ({ clock }: World) => void clock.runAll() };
    expect(await schedulesOf(closing)).toEqual(['a1~.t~', 'a1~']);
    expect((await failureOf({ ...program, close: () => {} })).message).toContain('1 timers are left at the end');
  });

  test('ticks at most maxTicks times', async () => {
    const program = {
      ...timed,
      tasks: [[later(1), later(2), later(3)]],
      close: ({ clock }: World) => void clock.runAll(),
    };
    const ticks = (await schedulesOf(program, { maxTicks: 2 })).map((schedule) => schedule.split('t').length - 1);
    expect(Math.max(...ticks)).toBe(2);
    expect((await failureOf({ ...timed, tasks: [[later(1)]] }, { maxTicks: 0 })).schedule).toBe('a1~');
  });

  test('reports what a timer throws', async () => {
    const boom: Step<World> = {
      name: 'boom',
      run: ({ clock }) =>
        void clock.callLater(1, () => {
          throw new Error('boom');
        }),
    };
    expect((await failureOf({ ...timed, tasks: [[boom]] })).message).toMatch(/^boom: boom\n/);
  });
});

describe('explore: arguments', () => {
  test('a replay that is no schedule or does not fit is refused', async () => {
    await expect(explore(leaky, { replay: 'a1-b1' })).rejects.toThrow(SyntaxError);
    await expect(explore(leaky, { replay: 'a2' })).rejects.toThrow("expected a1 or b1 or c1, saw 'a2'");
    await expect(explore(leaky, { replay: "a1'.b1" })).rejects.toThrow('needs the option rounds: 1 or more');
    await expect(explore({ ...idle, tasks: [[nothing]] }, { replay: 'a1.a2' })).rejects.toThrow(
      "expected the end, saw 'a2'",
    );
  });

  test('a replay that stops early checks what it ran, and not the end', async () => {
    const stuck = {
      ...idle,
      tasks: [[nothing], [nothing]],
      atEnd: () => {
        throw new Error('the end');
      },
    };
    expect(await explore(stuck, { replay: 'a1' })).toMatchObject({ longest: 1 });
    expect(await explore(stuck, { replay: '' })).toMatchObject({ longest: 0 });
    expect((await failureOf(stuck, { replay: 'b1.a1' })).schedule).toBe('b1.a1~');
  });

  test('bounds are checked, and more schedules than wanted are not run in part', async () => {
    await expect(explore(leaky, { maxSchedules: 0 })).rejects.toThrow(
      'expected maxSchedules to be an integer of at least 1, saw 0',
    );
    await expect(explore(leaky, { maxTicks: 0.5 })).rejects.toThrow(RangeError);
    await expect(explore(leaky, { rounds: -1 })).rejects.toThrow(RangeError);
    await expect(explore({ ...idle, tasks: Array.from({ length: 27 }, () => [nothing]) })).rejects.toThrow(
      'at most 26 tasks, saw 27',
    );
    const program = { ...idle, tasks: [[nothing], [nothing]] };
    await expect(explore(program, { maxSchedules: 3 })).rejects.toThrow('nothing | nothing has more than 3 schedules');
    expect(await explore(program, { maxSchedules: 4 })).toEqual({ schedules: 4, states: 6, longest: 2 });
    expect((await failureOf(leaky, { maxSchedules: 300 })).code).toBe('ERR_TESTKIT_SCHEDULE');
  });

  test('prints the figures as a line', async () => {
    const lines: string[] = [];
    await explore({ ...idle, name: 'two', tasks: [[nothing], [nothing]] }, { print: (line) => void lines.push(line) });
    expect(lines).toEqual(['two: 4 schedules, 6 states, 2 steps at most']);
  });
});

describe('explore: what must not be async', () => {
  const tasks = [[nothing], [nothing]];
  const fails = async (): Promise<never> => Promise.reject(new Error('nobody hears of it'));
  const unheard: () => unknown = fails;

  test('a promise from setup or a check is refused, and does not end the process', async () => {
    const refused: [string, Partial<Program<object>>][] = [
      ['setup', { setup: fails }],
      ['invariant', { invariant: unheard }],
      ['atEnd', { atEnd: unheard }],
      ['fingerprint', { fingerprint: fails as unknown as () => string }],
      ['clock', { clock: fails as unknown as () => TestClock }],
      ['mayFail', { mayFail: fails as unknown as () => boolean, tasks: [[{ name: 'fails', run: fails }]] }],
      [
        'mayWait',
        { mayWait: fails as unknown as () => boolean, tasks: [[{ name: 'waits', run: () => new Promise(() => {}) }]] },
      ],
    ];
    for (const [name, part] of refused) {
      const failure = await failureOf<object>({ ...idle, tasks, ...part });
      expect([name, failure instanceof TypeError]).toEqual([name, true]);
      expect(failure.message).toBe(`expected ${name} to be synchronous, saw it return a promise`);
    }
  });

  test('a close that rejects is a failure', async () => {
    const failure = await failureOf({ ...idle, tasks: [[nothing]], close: fails });
    expect(failure).toBeInstanceOf(ScheduleError);
    expect(failure.message).toContain('nobody hears of it');
    expect(await explore({ ...idle, tasks: [[nothing]], close: async () => {} })).toMatchObject({ schedules: 1 });
    const never = await failureOf({ ...idle, tasks: [[nothing]], close: () => new Promise<void>(() => {}) });
    expect(never.message).toContain('close never settles');
  });

  test('a setup that throws is a failure before the first step', async () => {
    let setups = 0;
    const cause = new Error('no subject');
    const setup = (): object => {
      setups++;
      throw cause;
    };
    for (const options of [{}, { replay: '' }]) {
      const failure = await failureOf({ setup, tasks }, options);
      expect(failure).toBeInstanceOf(ScheduleError);
      expect(failure).toMatchObject({ schedule: '', cause, program: 'nothing | nothing' });
    }
    expect(setups).toBe(2);
  });
});
