import { openCancelScope, sleep, TimeoutError, withTimeout } from '@millrace/timeouts';
import { expect, test } from 'vitest';
import { DeadlockError, Simulation, SimulationTimeoutError } from '../src/index.js';
import { Sink, twoHosts } from './wire.js';

test('a year passes in no time, and every wait sees its own part of it', async () => {
  const simulation = new Simulation({ seed: 1 });
  const day = 86_400_000;
  const seen = await simulation.run(async () => {
    const days: number[] = [];
    for (let i = 0; i < 365; i++) {
      await sleep(day);
      days.push(simulation.nowMs / day);
    }
    return days;
  });
  expect(seen).toEqual(Array.from({ length: 365 }, (_, i) => i + 1));
});

test('deadlines, scopes and timeouts are virtual', async () => {
  const simulation = new Simulation({ seed: 1 });
  await simulation.run(async () => {
    const never = new Promise<never>(() => {});
    await expect(withTimeout(5000, () => never)).rejects.toThrow(TimeoutError);
    expect(simulation.nowMs).toBe(5000);
    const scope = openCancelScope({ timeoutMs: 250 });
    await expect(scope.race(never)).rejects.toThrow(TimeoutError);
    scope.close();
    expect(simulation.nowMs).toBe(5250);
  });
});

test('timers of one loop fire in the order of their times, and of equal ones as they were made', async () => {
  const { simulation, client } = twoHosts();
  const fired: string[] = [];
  await simulation.run(async () => {
    client.callLater(2, () => fired.push('c'));
    client.callLater(1, () => fired.push('a'));
    client.callLater(1, () => fired.push('b'));
    client.callLater(1, () => fired.push('never')).cancel();
    await sleep(3);
  });
  expect(fired).toEqual(['a', 'b', 'c']);
});

test('which host comes first at the same time is the seed’s choice, and always the same one', async () => {
  const first = async (seed: number): Promise<string> => {
    const simulation = new Simulation({ seed });
    const order: string[] = [];
    for (const name of ['a', 'b', 'c'])
      simulation
        .host(name)
        .getLoop()
        .callLater(10, () => order.push(name));
    await simulation.run(() => sleep(20));
    return order.join('');
  };
  const orders: string[] = [];
  for (let seed = 0; seed < 64; seed++) orders.push(await first(seed));
  expect(new Set(orders).size).toBe(6);
  for (let seed = 0; seed < 64; seed++) expect(await first(seed)).toBe(orders[seed]);
});

test('callSoon runs after the callback and its microtasks, before time goes on', async () => {
  const { simulation, client } = twoHosts();
  const order: string[] = [];
  await simulation.run(async () => {
    client.callLater(5, () => {
      client.callSoon(() => order.push(`soon at ${client.now()}`));
      void Promise.resolve()
        .then(() => order.push('microtask'))
        .then(() => order.push('another'));
      order.push('callback');
    });
    client.callLater(5, () => order.push('the next'));
    await sleep(6);
  });
  expect(order).toEqual(['callback', 'microtask', 'another', 'soon at 5', 'the next']);
});

test('what a program leaves to a tick of the host is over before time goes on', async () => {
  const { simulation, client } = twoHosts();
  const order: string[] = [];
  await simulation.run(async () => {
    client.callLater(5, () => {
      process.nextTick(() => {
        let chain = Promise.resolve();
        for (let i = 0; i < 20; i++) chain = chain.then(() => undefined);
        void chain.then(() => order.push(`done at ${client.now()}`));
      });
    });
    client.callLater(5, () => order.push('the next'));
    await sleep(6);
  });
  expect(order).toEqual(['done at 5', 'the next']);
});

test('a program that waits for what will not happen is a deadlock, with what is open', async () => {
  const { simulation, client, server } = twoHosts();
  const run = simulation.run(async () => {
    await server.listen(() => new Sink(), 'tcp://0.0.0.0:7000');
    const { transport, protocol } = await client.connect(() => new Sink(), 'tcp://server:7000');
    transport.pauseReading();
    await protocol.lost;
  });
  await expect(run).rejects.toThrow(DeadlockError);
  await expect(run).rejects.toThrow(/client:40000 -> server:7000: reading paused, 0 pieces wait/);
  await expect(run).rejects.toThrow(/server: listens on tcp:7000/);
  await expect(run).rejects.toMatchObject({ code: 'ERR_LOOP_SIM_DEADLOCK' });
});

test('a program that goes on for ever ends at its limit', async () => {
  const simulation = new Simulation({ seed: 1 });
  const tick = (): void => void simulation.callLater(1000, tick);
  const run = simulation.run(
    () => {
      tick();
      return new Promise<never>(() => {});
    },
    { timeoutMs: 60_000 },
  );
  await expect(run).rejects.toThrow(SimulationTimeoutError);
  expect(simulation.nowMs).toBe(60_000);
});

test('waits for what the host settles, such as a digest', async () => {
  const simulation = new Simulation({ seed: 1 });
  const digest = await simulation.run(() => crypto.subtle.digest('SHA-256', new Uint8Array(3)));
  expect(digest.byteLength).toBe(32);
});

test('hands on what a program throws, also before its first await, and what a timer throws', async () => {
  const simulation = new Simulation({ seed: 1 });
  await expect(simulation.run(() => Promise.reject(new Error('later')))).rejects.toThrow('later');
  const atOnce = (): Promise<void> => {
    throw new Error('at once');
  };
  await expect(simulation.run(atOnce)).rejects.toThrow('at once');
  const inTimer = simulation.run(async () => {
    simulation.callLater(1, () => {
      throw new Error('in a timer');
    });
    await sleep(10);
  });
  await expect(inTimer).rejects.toThrow('in a timer');
  expect(await simulation.run(() => Promise.resolve('still usable'))).toBe('still usable');
});

test('is the default clock while it runs, and gives that place back', async () => {
  const key = Symbol.for('millrace.timers');
  const place = globalThis as { [key]?: unknown };
  const before = place[key];
  const simulation = new Simulation({ seed: 1 });
  await simulation.run(async () => {
    expect(place[key]).toBe(simulation);
    await sleep(1);
    await expect(simulation.run(() => Promise.resolve())).rejects.toThrow(/one run at a time/);
    expect(place[key]).toBe(simulation);
  });
  expect(place[key]).toBe(before);
});

test.each([
  [() => new Simulation({ seed: 0.5 }), /expected an integer as the seed, got 0.5/],
  [() => new Simulation({ seed: 1, traceLength: -1 }), /expected traceLength to be 0 or more, got -1/],
  [() => new Simulation({ seed: 1 }).callLater(-1, () => {}), /expected delayMs to be 0 or more, got -1/],
  [() => new Simulation({ seed: 1 }).callLater(Infinity, () => {}), /expected delayMs to be 0 or more, got Infinity/],
  [() => new Simulation({ seed: 1 }).host('10.0.0.1'), /expected the name of a host/],
  [() => new Simulation({ seed: 1 }).chance('reset', 2), /expected a probability from 0 to 1, got 2/],
  [() => new Simulation({ seed: 1 }).draw(0), /expected below to be 1 or more, got 0/],
  [
    () => {
      new Simulation({ seed: 1 }).link('a', 'b', { latencyMs: -1 });
    },
    /expected latencyMs to be a finite number, 0 or more, got -1/,
  ],
  [
    () => {
      new Simulation({ seed: 1 }).link('a', 'b', { bytesPerSec: 0 });
    },
    /expected bytesPerSec to be a number, 1 or more, got 0/,
  ],
  [
    () => {
      new Simulation({ seed: 1 }).link('a', 'b', { datagramLoss: 1.5 });
    },
    /expected datagramLoss to be a finite number, from 0 to 1, got 1.5/,
  ],
])('says what it cannot do: %#', (act, message) => {
  expect(act).toThrow(message);
});
