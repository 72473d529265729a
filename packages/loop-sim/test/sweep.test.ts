import { sleep } from '@millrace/timeouts';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { replay, sweep, type SimProgram, type Simulation } from '../src/index.js';
import { FrameClient, FrameEcho } from './forgetful-client.js';

const quiet = { print: () => {} };

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Asks twenty questions over a bad network. */
const program =
  (isForgetful: boolean): SimProgram =>
  async (simulation) => {
    disturb(simulation);
    await simulation
      .host('server')
      .getLoop()
      .listen(() => new FrameEcho(), 'tcp://0.0.0.0:7000');
    const client = new FrameClient(simulation.host('client').getLoop(), isForgetful);
    await client.connect();
    for (let i = 1; i <= 20; i++) {
      const question = Uint8Array.from({ length: i + 1 }, (_, at) => (at === 0 ? i : i * at));
      const answer = await client.ask(question);
      if (answer.join() !== question.join()) throw new Error(`question ${i} was answered by ${answer.join()}`);
    }
    client.close();
  };

function disturb(simulation: Simulation): void {
  if (simulation.chance('slow link', 0.5)) simulation.link('client', 'server', { latencyMs: 80, jitterMs: 40 });
  simulation.onConnection((connection) => {
    if (simulation.chance('reset', 0.2)) connection.resetAfter('down', simulation.draw(200));
    if (simulation.chance('partition', 0.3)) {
      simulation.callLater(simulation.draw(100), () => {
        simulation.partition('client', 'server');
      });
      simulation.callLater(500, () => {
        simulation.heal('client', 'server');
      });
    }
  });
}

describe('sweep', () => {
  test('finds the seed under which a reply gets lost, and leaves out the faults that do not matter', async () => {
    const print = vi.fn<(report: string) => void>();
    const { seeds, failure } = await sweep(1000, program(true), { command: 'SEED={replay} node demo.js', print });
    expect(print.mock.calls).toEqual([[failure?.report]]);
    expect(seeds).toBeLessThan(100);
    expect(failure?.error).toMatchObject({ name: 'DeadlockError' });
    expect(failure?.faults).toEqual(['reset']);
    expect(failure?.report).toContain(`replay: SEED=${failure?.replay} node demo.js`);
    expect(failure?.report).toMatch(/server:7000 -> client:\d+ +data +\d+ bytes?\n.*reset +after byte \d+, as planned/);

    const again = await replay(failure?.replay ?? '', program(true), quiet);
    expect(again?.traceHash).toBe(failure?.traceHash);
    expect(again?.faults).toEqual(['reset']);
  });

  test('finds nothing where there is nothing', async () => {
    expect(await sweep(300, program(false))).toEqual({ seeds: 300, failure: undefined });
  });

  test('takes the seeds that it is given', async () => {
    const seen: number[] = [];
    await sweep([3, -7, 2 ** 40], (simulation) => {
      seen.push(simulation.seed);
      return Promise.resolve();
    });
    expect(seen).toEqual([3, -7, 2 ** 40]);
  });

  test('repeats the run that the environment names, and no other', async () => {
    vi.stubEnv('MILLRACE_SIM_REPLAY', '12!0,2');
    const seen: unknown[] = [];
    const result = await sweep(
      1000,
      (simulation) => {
        seen.push(simulation.seed, simulation.chance('a', 1), simulation.chance('b', 1), simulation.chance('c', 1));
        return Promise.reject(new Error('as before'));
      },
      quiet,
    );
    expect(seen).toEqual([12, false, true, false]);
    expect(result).toMatchObject({ seeds: 1, failure: { replay: '12!0,2', without: [0, 2], faults: ['b'] } });
  });

  test('gives up a program that never ends', async () => {
    const { failure } = await sweep(
      1,
      async () => {
        for (;;) await sleep(1000);
      },
      { ...quiet, timeoutMs: 10_000 },
    );
    expect(failure?.error).toMatchObject({ name: 'SimulationTimeoutError' });
  });

  test('does not leave out a fault without which the program fails in another way', async () => {
    const both: SimProgram = (simulation) => {
      const isFirst = simulation.chance('first', 1);
      simulation.chance('second', 1);
      return Promise.reject(new Error(isFirst ? `took ${simulation.draw(100)} ms` : 'something else'));
    };
    const { failure } = await sweep(1, both, quiet);
    expect(failure).toMatchObject({ without: [1], faults: ['first'] });
  });

  test('spends no more runs on that than it may', async () => {
    let runs = 0;
    const failing: SimProgram = (simulation) => {
      runs++;
      for (let i = 0; i < 10; i++) simulation.chance('a', 1);
      return Promise.reject(new Error('always'));
    };
    expect((await sweep(1, failing, { ...quiet, shrinkRuns: 4 })).failure?.faults).toHaveLength(6);
    expect(runs).toBe(5);
  });

  test('tells apart what is thrown where it is no error', async () => {
    const odd: SimProgram = (simulation) => {
      const reason = simulation.chance('a', 1) ? 'one' : 'two';
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- programs throw what they like
      return Promise.reject(reason);
    };
    const { failure } = await sweep(1, odd, quiet);
    expect(failure?.faults).toEqual(['a']);
    expect(failure?.report).toContain('seed 1 fails: one');
  });

  test.each([
    [{ npm_lifecycle_event: 'test' }, ['node', '/a/vitest.js'], 'npm run test'],
    [{ npm_lifecycle_event: 'npx' }, ['node', '/a/b.js', '--x'], 'node /a/b.js --x'],
    [{}, ['node', '/a/node_modules/vitest/dist/workers/forks.js'], 'npx vitest run'],
    [{}, ['node', '/a/node_modules/jest-worker/build/child.js'], 'npx jest'],
    [{}, ['node', '/a/node_modules/other/run.js'], '<the same command>'],
    [{}, ['node'], '<the same command>'],
  ])('prints what was typed: %o %j', async (env, argv, command) => {
    vi.stubEnv('npm_lifecycle_event', undefined);
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const before = process.argv;
    process.argv = argv;
    try {
      const { failure } = await sweep([5], () => Promise.reject(new Error('no')), quiet);
      expect(failure?.report).toContain(`\nreplay: MILLRACE_SIM_REPLAY=5 ${command}`);
    } finally {
      process.argv = before;
    }
  });

  test('prints to console.error unless it is told otherwise', async () => {
    const print = vi.spyOn(console, 'error').mockReturnValue();
    const { failure } = await sweep(1, () => Promise.reject(new Error('no')));
    expect(print.mock.calls).toEqual([[failure?.report]]);
    print.mockRestore();
  });

  test.each([0, NaN, 1.5, []])('refuses to try no seed: %j', async (seeds) => {
    await expect(sweep(seeds, () => Promise.resolve())).rejects.toThrow(/expected 1 seed or more/);
  });

  test.each(['', 'x', '1!', '1!2,', '1.5'])('refuses to replay %j', async (run) => {
    await expect(replay(run, () => Promise.resolve())).rejects.toThrow(/expected a run such as "17"/);
  });
});

test('leaving a fault out does not change what the seed draws after it', async () => {
  const drawn = async (replayed: string): Promise<unknown> => {
    let numbers: unknown;
    await replay(replayed, (simulation) => {
      simulation.chance('first', 1);
      numbers = [simulation.chance('second', 0.5), simulation.draw(1e6)];
      return Promise.resolve();
    });
    return numbers;
  };
  expect(await drawn('5!0')).toEqual(await drawn('5'));
});
