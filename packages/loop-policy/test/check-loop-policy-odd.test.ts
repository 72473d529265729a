import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nodePolicy, type Loop, type LoopPolicy } from '../src/index.js';
import { checkLoopPolicy, type ConformanceCase, type Lab } from '../src/testing.js';
import { Patience } from '../src/testing/conformance/patience.js';
import { openSocketFolder } from '../src/testing/conformance/socket-folder.js';

const METHODS = ['now', 'callLater', 'callSoon', 'fillRandom', 'connect', 'listen', 'openDatagram', 'metrics', 'close'];

/** A policy whose loops are `loop`. */
const policyOf = (loop: unknown): LoopPolicy => ({
  name: 'odd',
  getLoop: () => loop as Loop,
  newLoop: () => loop as Loop,
});

/** A policy of node loops, each of them changed. */
const changed = (change: (loop: Loop) => Partial<Loop>): LoopPolicy => ({
  ...nodePolicy,
  newLoop: () => {
    const loop = nodePolicy.newLoop();
    return Object.assign(loop, change(loop));
  },
});

async function reasons(policy: LoopPolicy, runs: ConformanceCase['run'][], caseTimeoutMs = 20): Promise<string[]> {
  const cases = runs.map((run, i) => ({ name: `case ${i}`, run }));
  const report = await checkLoopPolicy(policy, { cases, caseTimeoutMs, features: { ipv6: true }, print: () => {} });
  return report.cases.map(({ reason }) => String(reason));
}

const connecting = async (lab: Lab): Promise<void> => void (await lab.connectPair(lab.recorder(), lab.recorder()));

describe('checkLoopPolicy, with a policy that is none,', () => {
  const every = (method: () => unknown): unknown =>
    Object.fromEntries([...METHODS, 'onUncaught'].map((name) => [name, method]));
  const boom = (): never => {
    throw new Error('boom');
  };

  test.each([
    ['throws', { name: 'odd', getLoop: boom, newLoop: boom }, /^Error: boom\n/],
    ['returns no loop', policyOf(undefined), /^expected newLoop\(\) to return a loop, got undefined/],
    ['returns a text', policyOf('loop'), /^expected newLoop\(\) to return a loop, got "loop"/],
    ['has loops that throw everywhere', policyOf(every(boom)), /^Error: boom\n +at .*check-loop-policy-odd/],
    ['has loops that return null', policyOf(every(() => null)), /^expected listen\(\) to resolve .*, got null; .*null/],
    ['has loops that return numbers', policyOf(every(() => 7)), /^expected listen\(\) to resolve with a server.*got 7/],
    ['connects to nothing', changed(() => ({ connect: () => Promise.resolve(7 as never) })), /transport.*, got 7/],
  ] as const)('fails each case where it %s, and comes to an end', async (_, policy, reason) => {
    const cases = [0, 1].map((i) => ({ name: `case ${i}`, run: connecting }));
    const report = await checkLoopPolicy(policy, { cases, print: () => {} });
    expect(report.cases.map(({ outcome }) => outcome)).toEqual(['failed', 'failed']);
    for (const each of report.cases) expect(each.reason).toMatch(reason);
  });

  test('fails a case that throws before it returns a promise', async () => {
    const run = (): never => {
      throw new Error('at once');
    };
    expect((await reasons(nodePolicy, [run]))[0]).toMatch(/^Error: at once\n/);
  });

  test('says so where metrics() of a closed loop returns nothing', async () => {
    const policy = changed(() => ({ metrics: () => null as never }));
    const [reason] = await reasons(policy, [async (lab) => void lab.newLoop()]);
    expect(reason).toContain('metrics() of a closed loop returned null');
  });

  test('shows where an error that is not the suite’s came from, and no more', async () => {
    const [reason = ''] = await reasons(nodePolicy, [() => Promise.reject(new RangeError('deep'))]);
    expect(reason).toMatch(/^RangeError: deep\n +at .*check-loop-policy-odd/);
    expect(reason.split('\n').length).toBeLessThanOrEqual(5);
  });
});

describe('checkLoopPolicy, with a loop that does not answer,', () => {
  const forever = (): Promise<never> => new Promise(() => {});

  test('says which promise does not settle', async () => {
    const policies = [changed(() => ({ listen: forever })), changed(() => ({ connect: forever }))];
    const waits = await Promise.all(policies.map((policy) => reasons(policy, [connecting])));
    expect(waits.map(([reason]) => reason)).toEqual([
      'expected an end within 20 ms, waiting for listen() to settle, what recorders were told: [], []',
      expect.stringMatching(/^expected an end within 20 ms, waiting for connect\(\) to settle, what recorders/),
    ]);
  });

  test('says which callback does not come, and what was told so far', async () => {
    const deaf = changed((loop) => {
      const listen = loop.listen.bind(loop);
      return {
        listen: (factory, ...rest) =>
          listen(() => Object.assign(factory(), { connectionMade: () => {}, connectionLost: () => {} }), ...rest),
      };
    });
    const [made, lost] = await reasons(deaf, [
      connecting,
      async (lab) => {
        const [client, loop] = [lab.recorder(), lab.newLoop()];
        const server = await lab.listen(loop, () => lab.recorder());
        await loop.connect(() => client, lab.endpointOf(server));
        await client.lost;
      },
    ]);
    expect(made).toContain(', waiting for connectionMade of the accepted connection, ');
    expect(lost).toContain(', waiting for connectionLost, what recorders were told: [connectionMade], []');
  });

  test('says which condition does not come true, and which timer does not run', async () => {
    const timer = { cancel: () => {}, ref: () => {}, unref: () => {} };
    const [condition, turn] = await reasons(
      changed(() => ({ callLater: () => timer })),
      [(lab) => lab.until(lab.newLoop(), () => 1 + 1 === 3), (lab) => lab.settle(lab.newLoop())],
    );
    expect(condition).toContain('waiting for () => 1 + 1 === 3, waiting for callLater(2) to run its function');
    expect(turn).toContain('waiting for callLater(2) to run its function');
  });

  test('stops a case that took too long: it turns no loop, and opens none', async () => {
    let [asked, opened] = [0, 0];
    const policy = changed(() => (opened++, {}));
    const errors: unknown[] = [];
    await reasons(policy, [
      async (lab) => {
        try {
          await lab.until(lab.newLoop(), () => ++asked === 0);
        } catch (error) {
          errors.push(error);
          lab.newLoop();
        }
      },
      (lab) => lab.settle(lab.newLoop()),
    ]);
    const before = [asked, opened];
    await new Promise((resolve) => setImmediate(resolve));
    expect([asked, opened]).toEqual(before);
    expect(opened).toBe(3); // of the search for features, and one of each case
    expect(errors).toEqual([expect.objectContaining({ message: 'expected nothing more of a case that is over' })]);
  });

  test('closes the other loops of a case where one does not close', async () => {
    let made = 0;
    const closed: number[] = [];
    const policy = changed((loop) => {
      const close = loop.close.bind(loop);
      const number = ++made;
      return { close: () => (number === 2 ? forever() : close().finally(() => closed.push(number))) };
    });
    const [reason] = await reasons(policy, [
      async (lab) => {
        for (let i = 0; i < 3; i++) lab.newLoop();
        await Promise.resolve();
      },
    ]);
    expect(reason).toContain('waiting for the loops to close');
    expect(closed).toEqual([1, 3, 4]);
  });

  test('gives each case less time than the one before it that took too long', async () => {
    const told = await reasons(nodePolicy, [forever, forever, async () => {}, forever], 40);
    expect(told).toEqual([
      'expected an end within 40 ms',
      'expected an end within 20 ms (less than usual, since the cases before it took too long)',
      'undefined',
      'expected an end within 40 ms',
    ]);
  });
});

describe('Patience', () => {
  test('halves down to a fortieth, and is whole again after a case that ended in time', () => {
    const patience = new Patience(10_000);
    const limits = Array.from({ length: 8 }, () => {
      patience.learn(true);
      return patience.limitMs;
    });
    expect(limits).toEqual([5000, 2500, 1250, 625, 312.5, 250, 250, 250]);
    patience.learn(false);
    expect(patience.limitMs).toBe(10_000);
  });
});

describe('openSocketFolder', () => {
  test('gives out no path any more once it is removed', () => {
    const folder = openSocketFolder(undefined);
    const made = folder.next() as { path: string };
    expect(existsSync(dirname(made.path))).toBe(true);
    folder.remove();
    expect(folder.next()).toEqual({ reason: expect.stringContaining('no folder for sockets') as string });
    expect(existsSync(dirname(made.path))).toBe(false);
  });
});
