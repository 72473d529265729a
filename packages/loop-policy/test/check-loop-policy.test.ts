import { TestClock } from '@millrace/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { nodePolicy, type LoopPolicy } from '../src/index.js';
import { checkLoopPolicy, type ConformanceCase, type ConformanceOptions, type Lab } from '../src/testing.js';

type Run = ConformanceCase['run'];

const CASE = 'the case in question';

/** Runs one case; its result, and what was printed. */
async function play(run: Run, options: ConformanceOptions & { needs?: ConformanceCase['needs'] } = {}) {
  const lines: string[] = [];
  const cases = [{ name: CASE, needs: options.needs, run }];
  const report = await checkLoopPolicy(nodePolicy, {
    print: (line) => lines.push(line),
    features: { ipv6: true },
    cases,
    ...options,
  });
  return { result: report.cases[0], report, lines };
}

describe('checkLoopPolicy', () => {
  test('counts what passed, failed and was skipped, and prints failures and the score', async () => {
    const lines: string[] = [];
    const logged: string[] = [];
    const report = await checkLoopPolicy(nodePolicy, {
      print: (line) => lines.push(line),
      log: (line) => logged.push(line),
      features: { ipv6: true, fd: 'no descriptors here' },
      cases: [
        { name: 'good', run: () => Promise.resolve() },
        {
          name: 'bad',
          run: async (lab: Lab) => {
            lab.equal([1, { a: 2 }], [1, { a: 3 }], 'the answer');
          },
        },
        { name: 'absent', needs: ['tcp', 'fd'], run: () => Promise.reject(new Error('never run')) },
        { name: 'unfit', run: async (lab: Lab) => lab.skip('not on Sundays') },
      ],
    });
    const reason = 'expected the answer: [1, { a: 3 }], got [1, { a: 2 }]';
    expect(report).toEqual({
      policy: 'node',
      passed: 1,
      failed: 1,
      skipped: 2,
      cases: [
        { name: 'good', outcome: 'passed' },
        { name: 'bad', outcome: 'failed', reason },
        { name: 'absent', outcome: 'skipped', reason: 'no descriptors here' },
        { name: 'unfit', outcome: 'skipped', reason: 'not on Sundays' },
      ],
    });
    expect(lines).toEqual([`failed: bad: ${reason}`, 'policy node: 1 passed, 1 failed, 2 skipped']);
    expect(logged).toEqual([
      'passed: good',
      `failed: bad (${reason})`,
      'skipped: absent (no descriptors here)',
      'skipped: unfit (not on Sundays)',
    ]);
  });

  test.each([
    ['a text', 'tw'],
    ['a pattern', /^t.o$/],
    ['a function', (name: string) => name === 'two'],
  ] as const)('runs only the cases chosen by %s', async (_, only) => {
    const ran: string[] = [];
    const cases = ['one', 'two', 'three'].map((name) => ({ name, run: async () => void ran.push(name) }));
    await checkLoopPolicy(nodePolicy, { only, cases, print: () => {} });
    expect(ran).toEqual(['two']);
  });

  test('refuses a choice that leaves nothing, and a time limit that is none', async () => {
    await expect(checkLoopPolicy(nodePolicy, { only: 'no such case' })).rejects.toThrow(RangeError);
    for (const caseTimeoutMs of [0, -1, NaN]) {
      await expect(checkLoopPolicy(nodePolicy, { caseTimeoutMs })).rejects.toThrow(/expected caseTimeoutMs/);
    }
  });

  test('ends a case that takes too long, and says what it waits for', async () => {
    const { result } = await play(
      async (lab) => {
        await lab.recorder().until(() => 1 + 1 === 3);
      },
      { caseTimeoutMs: 20 },
    );
    expect(result?.reason).toMatch(/expected an end within 20 ms, waiting for \(\) => 1 \+ 1 === 3/);
  });

  test('takes time from the timers that it is given', async () => {
    const clock = new TestClock();
    let isOver = false;
    const played = play(() => new Promise<void>(() => {}), { timers: clock, caseTimeoutMs: 5000 }).then((all) => {
      isOver = true;
      return all;
    });
    for (let turn = 0; turn < 1000 && !(isOver as boolean); turn++) {
      clock.advance(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await played).result?.reason).toBe('expected an end within 5000 ms');
  });

  test('fails a case whose loop reports an error that was not asked for', async () => {
    const fail = (lab: Lab) => {
      const loop = lab.newLoop();
      loop.callSoon(() => {
        throw new RangeError('oh no');
      });
      return loop;
    };
    const { result } = await play(async (lab) => {
      await lab.settle(fail(lab));
    });
    expect(result?.reason).toContain('the loop reported RangeError: oh no');
    const { report } = await play(async (lab) => {
      const loop = fail(lab);
      await lab.settle(loop);
      lab.equal(lab.uncaught(loop).length, 1, 'errors');
    });
    expect(report.passed).toBe(1);
  });

  test('fails a case that leaves something open, although its loop was closed', async () => {
    const policy: LoopPolicy = {
      ...nodePolicy,
      name: 'forgetful',
      newLoop: () => {
        const loop = nodePolicy.newLoop();
        const metrics = loop.metrics.bind(loop);
        loop.metrics = () => ({ ...metrics(), openConnections: 3, openServers: 2, openDatagrams: 1 });
        return loop;
      },
    };
    const report = await checkLoopPolicy(policy, {
      print: () => {},
      cases: [{ name: CASE, run: async (lab: Lab) => void lab.newLoop() }],
    });
    expect(report.cases[0]?.reason).toContain(
      '3 open connections on a closed loop; 2 open servers on a closed loop; 1 open datagram sockets on a closed loop',
    );
  });

  test.each([
    ['no end', ['connectionMade'], 'connectionLost was called 0 times'],
    ['two ends', ['connectionMade', 'connectionLost', 'connectionLost'], 'connectionLost was called 2 times'],
    ['no beginning', ['dataReceived', 'connectionLost'], 'dataReceived came before connectionMade'],
    ['data after the end', ['connectionMade', 'connectionLost', 'dataReceived'], 'came after connectionLost'],
    [
      'data after the end of data',
      ['connectionMade', 'eofReceived', 'dataReceived', 'connectionLost'],
      'dataReceived came after eofReceived',
    ],
    ['two pauses', ['connectionMade', 'pauseWriting', 'pauseWriting', 'connectionLost'], 'did not alternate'],
    ['a resumption first', ['connectionMade', 'resumeWriting', 'connectionLost'], 'did not alternate'],
  ] as const)('fails a case whose recorder hears of %s', async (_, events, reason) => {
    const { result } = await play(async (lab) => {
      lab.recorder().events.push(...events);
    });
    expect(result?.reason).toContain(reason);
  });

  test('leaves the order to recorders that have only a part of a connection, but for its end', async () => {
    const { report } = await play(async (lab) => {
      lab.recorder({ isWhole: false }).events.push('dataReceived', 'eofReceived');
    });
    expect(report.passed).toBe(1);
    const { result } = await play(async (lab) => {
      lab.recorder({ isWhole: false }).events.push('connectionLost', 'dataReceived');
    });
    expect(result?.reason).toContain('dataReceived came after connectionLost');
  });

  test('skips what needs unix sockets where there is no folder for them', async () => {
    const original = process.getBuiltinModule.bind(process);
    Object.assign(process, { getBuiltinModule: undefined });
    try {
      const { result } = await play(() => Promise.resolve(), { needs: ['unix'] });
      expect(result).toMatchObject({ outcome: 'skipped', reason: 'no folder for sockets: give `unixDir`' });
    } finally {
      Object.assign(process, { getBuiltinModule: original });
    }
  });

  test('finds out what the platform lacks: real time, and IPv6', async () => {
    const policy: LoopPolicy = {
      ...nodePolicy,
      newLoop: () => {
        const loop = nodePolicy.newLoop();
        loop.listen = () => Promise.reject(new Error('not with six'));
        Object.assign(loop, { isSimulated: true });
        return loop;
      },
    };
    const never = (): Promise<void> => Promise.reject(new Error('never run'));
    const cases: ConformanceCase[] = [
      { name: 'six', needs: ['ipv6'], run: never },
      { name: 'soon', needs: ['realTime'], run: never },
    ];
    const { cases: results } = await checkLoopPolicy(policy, { cases, print: () => {} });
    expect(results.map(({ reason }) => reason)).toEqual(['no IPv6 here: not with six', 'time is simulated']);
    const told = await checkLoopPolicy(policy, { cases, features: { ipv6: true, realTime: true }, print: () => {} });
    expect(told.failed).toBe(2); // they were run
  });

  test('comes to an end with a policy whose loops never answer', async () => {
    const forever = (): Promise<never> => new Promise(() => {});
    const policy: LoopPolicy = {
      ...nodePolicy,
      newLoop: () => Object.assign(nodePolicy.newLoop(), { listen: forever, close: forever }),
    };
    const cases: ConformanceCase[] = [
      { name: 'six', needs: ['ipv6'], run: () => Promise.resolve() },
      { name: 'listening', run: async (lab) => void (await lab.listen(lab.newLoop(), () => lab.recorder())) },
    ];
    const report = await checkLoopPolicy(policy, { cases, caseTimeoutMs: 20, print: () => {} });
    expect(report.cases.map(({ outcome }) => outcome)).toEqual(['skipped', 'failed']);
    expect(report.cases[1]?.reason).toContain('waiting for the loops to close');
  });

  test('takes paths from the folder that it is given', async () => {
    let path = '';
    const run: Run = async (lab: Lab) => {
      path = lab.unixPath();
      lab.check(path !== lab.unixPath(), 'two paths to differ');
    };
    const { report } = await play(run, { unixDir: '/sockets/here' });
    expect(report.passed).toBe(1);
    expect(path).toMatch(/^\/sockets\/here\//);
  });

  describe('and strays', () => {
    const events = ['unhandledRejection', 'uncaughtException'] as const;
    let others: (readonly [string, NodeJS.ExitListener])[] = [];

    /** The runner of this test listens, too. */
    function silenceTheRunner(): void {
      others = events.flatMap((event) => process.listeners(event as 'exit').map((fn) => [event, fn] as const));
      for (const event of events) process.removeAllListeners(event);
    }

    afterEach(() => {
      for (const [event, fn] of others) process.on(event, fn);
      others = [];
    });

    test('fails a case in which a promise is rejected that nobody handles', async () => {
      silenceTheRunner();
      const { result } = await play(async () => {
        void Promise.reject(new Error('nobody cares'));
      });
      expect(result?.reason).toBe('nobody handled Error: nobody cares');
    });

    test('fails a case in which an exception would have ended the process', async () => {
      silenceTheRunner();
      const { result } = await play(async (lab) => {
        setImmediate(() => {
          throw new Error('thrown at the top');
        });
        await lab.settle(lab.newLoop());
      });
      expect(result?.reason).toBe('nobody handled Error: thrown at the top');
    });

    test('stops listening at the end', async () => {
      const before = events.map((event) => process.listenerCount(event));
      await play(() => Promise.resolve());
      expect(events.map((event) => process.listenerCount(event))).toEqual(before);
    });
  });
});

describe('the lab', () => {
  /** What a case fails with. */
  const failure = async (run: Run): Promise<string | undefined> => (await play(run)).result?.reason;

  test('compares bytes, arrays, plain objects and errors', async () => {
    const error = new Error('the same');
    const same: [unknown, unknown][] = [
      [Uint8Array.of(1, 2), Uint8Array.of(1, 2)],
      [
        [1, [2]],
        [1, [2]],
      ],
      [{ a: NaN }, { a: NaN }],
      [error, error],
    ];
    for (const [a, b] of same)
      expect(
        await failure(async (lab) => {
          lab.equal(a, b, 'it');
        }),
      ).toBe(undefined);
    const different: [unknown, unknown][] = [
      [Uint8Array.of(1, 2), Uint8Array.of(1, 3)],
      [Uint8Array.of(1), Uint8Array.of(1, 3)],
      [[1], [1, 2]],
      [{ a: 1 }, { a: 1, b: undefined }],
      [{ a: 1 }, { b: 1 }],
      [error, new Error('the same')],
      [0, null],
      ['1', 1],
    ];
    for (const [a, b] of different)
      expect(
        await failure(async (lab) => {
          lab.equal(a, b, 'it');
        }),
      ).toMatch(/^expected it/);
  });

  test('expects errors by name, or as they are', async () => {
    const boom = new RangeError('boom');
    const fails = (): never => {
      throw boom;
    };
    expect(await failure(async (lab) => void lab.throws(fails, 'RangeError', 'it'))).toBe(undefined);
    expect(await failure(async (lab) => void lab.throws(fails, 'TypeError', 'it to fail'))).toBe(
      'expected it to fail: "TypeError", got RangeError: boom',
    );
    expect(await failure(async (lab) => void lab.throws(() => 1, 'TypeError', 'it to fail'))).toBe(
      'expected it to fail: TypeError, nothing was thrown',
    );
    expect(await failure(async (lab) => void (await lab.rejects(Promise.reject(boom), boom, 'it')))).toBe(undefined);
    expect(await failure(async (lab) => void (await lab.rejects(Promise.resolve(7), boom, 'it to fail')))).toBe(
      'expected it to fail: RangeError: boom, it resolved with 7',
    );
  });

  test('waits on another loop where the one in question is closed', async () => {
    const { report } = await play(async (lab) => {
      const loop = lab.newLoop();
      await loop.close();
      await lab.settle(loop);
    });
    expect(report.passed).toBe(1);
  });

  test('knows only the loops that it made', async () => {
    expect(await failure(async (lab) => void lab.uncaught(nodePolicy.getLoop()))).toContain(
      'expected a loop that the lab made',
    );
  });
});
