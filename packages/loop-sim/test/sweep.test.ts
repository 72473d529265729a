import { sleep } from '@millrace/timeouts';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { replay, sweep, type SimProgram, type Simulation } from '../src/index.js';
import { FrameClient, FrameEcho } from './forgetful-client.js';

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
    const { seeds, failure } = await sweep(1000, program(true), { command: 'SEED={replay} node demo.js' });
    expect(seeds).toBeLessThan(100);
    expect(failure?.error).toMatchObject({ name: 'DeadlockError' });
    expect(failure?.faults).toEqual(['reset']);
    expect(failure?.report).toContain(`replay: SEED=${failure?.replay} node demo.js`);
    expect(failure?.report).toMatch(/server:7000 -> client:\d+ +data \d+\n.*reset at byte \d+/);

    const again = await replay(failure?.replay ?? '', program(true));
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
    const result = await sweep(1000, (simulation) => {
      seen.push(simulation.seed, simulation.chance('a', 1), simulation.chance('b', 1), simulation.chance('c', 1));
      return Promise.reject(new Error('as before'));
    });
    expect(seen).toEqual([12, false, true, false]);
    expect(result).toMatchObject({ seeds: 1, failure: { replay: '12!0,2', without: [0, 2], faults: ['b'] } });
  });

  test('gives up a program that never ends', async () => {
    const { failure } = await sweep(
      1,
      async () => {
        for (;;) await sleep(1000);
      },
      { timeoutMs: 10_000 },
    );
    expect(failure?.error).toMatchObject({ name: 'SimulationTimeoutError' });
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
