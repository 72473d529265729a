import type { ConformanceCase } from './case.js';
import type { Lab } from './lab.js';
import { loopClosingCases, pickOpen } from './loop-closing-cases.js';
import { schedulingCases } from './scheduling-cases.js';
import { uncaughtCases } from './uncaught-cases.js';
import { watchCases } from './watch-cases.js';

const METHODS = [
  ...['now', 'callLater', 'callSoon', 'fillRandom', 'connect', 'listen', 'openDatagram', 'onUncaught'],
  ...['metrics', 'watch', 'close', Symbol.asyncDispose],
] as const;

/** What every loop does besides moving bytes: scheduling, randomness, errors, counters, its own end. */
export const loopCases: readonly ConformanceCase[] = [
  {
    name: 'loop: the policy always gives the same loop, and new ones on demand',
    run: async (lab: Lab) => {
      lab.check(lab.policy.getLoop() === lab.policy.getLoop(), 'getLoop() to return one loop');
      const [one, two] = [lab.newLoop(), lab.newLoop()];
      lab.check(one !== two, 'newLoop() to return another loop each time');
      lab.check(one !== lab.policy.getLoop(), 'newLoop() to return another loop than getLoop()');
      await Promise.resolve();
    },
  },
  {
    name: 'loop: has every method of a loop',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const missing = METHODS.filter((name) => typeof Reflect.get(loop, name) !== 'function').map(String);
      lab.equal(missing, [], 'the methods that are not there');
      await Promise.resolve();
    },
  },
  {
    name: 'loop: the policy and its loops have names, and say whether they are simulated',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      lab.check(lab.policy.name !== '' && loop.name !== '', 'names that are not empty');
      lab.equal(typeof loop.isSimulated, 'boolean', 'the type of isSimulated');
      await Promise.resolve();
    },
  },
  {
    name: 'loop: fillRandom fills all that it is given and nothing around it',
    run: async (lab: Lab) => {
      const memory = new Uint8Array(300);
      lab.newLoop().fillRandom(memory.subarray(10, 290));
      const edges = [...memory.subarray(0, 10), ...memory.subarray(290)];
      lab.check(
        edges.every((byte) => byte === 0),
        'the bytes around the target to be left alone',
      );
      for (let at = 10; at < 290; at += 40) {
        lab.check(
          memory.subarray(at, at + 40).some((byte) => byte !== 0),
          `bytes from ${at} on to be filled`,
        );
      }
      await Promise.resolve();
    },
  },
  {
    name: 'loop: fillRandom gives other bytes each time',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const [one, two] = [new Uint8Array(32), new Uint8Array(32)];
      loop.fillRandom(one);
      loop.fillRandom(two);
      lab.check(
        one.some((byte, i) => byte !== two[i]),
        'two calls to give different bytes',
      );
      await Promise.resolve();
    },
  },
  {
    name: 'loop: fillRandom takes large and empty targets',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const large = new Uint8Array(200_000);
      loop.fillRandom(large);
      lab.check(
        large.subarray(199_900).some((byte) => byte !== 0),
        'the end of 200000 bytes to be filled',
      );
      loop.fillRandom(new Uint8Array(0));
      await Promise.resolve();
    },
  },
  {
    name: 'loop: every onUncaught handler is told, in order, until it is removed',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const told: string[] = [];
      const removeFirst = loop.onUncaught(() => told.push('first'));
      loop.onUncaught(() => told.push('second'));
      const fail = (): void => {
        throw new Error('on purpose');
      };
      loop.callSoon(fail);
      await lab.settle(loop);
      removeFirst();
      loop.callSoon(fail);
      await lab.settle(loop);
      lab.equal(told, ['first', 'second', 'second'], 'who was told');
      lab.equal(lab.uncaught(loop).length, 2, 'the number of errors');
    },
  },
  {
    name: 'loop: an error that nobody listens for goes to console.error',
    run: async (lab: Lab) => {
      const loop = lab.policy.newLoop();
      const failure = new Error('on purpose');
      const { error: original } = console;
      const printed: unknown[][] = [];
      console.error = (...args: unknown[]) => printed.push(args);
      try {
        loop.callSoon(() => {
          throw failure;
        });
        await lab.settle(lab.newLoop());
      } finally {
        console.error = original;
        await loop.close();
      }
      lab.equal(printed.length, 1, 'the number of calls of console.error');
      lab.check(printed[0]?.includes(failure), 'console.error to be given the error');
    },
  },
  {
    name: 'loop: counters of a new loop are zero',
    run: async (lab: Lab) => {
      const { lagMs, ...counters } = lab.newLoop().metrics();
      lab.equal(lagMs, undefined, 'lagMs before it was measured');
      for (const [name, value] of Object.entries(counters)) lab.equal(value, 0, name);
      await Promise.resolve();
    },
  },
  {
    name: 'loop: metrics count connections, servers and bytes',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const server = lab.recorder({
        onData: (chunk, transport) => {
          transport.write(chunk);
        },
      });
      const pair = await lab.connectPair(lab.recorder(), server);
      const { loop } = pair;
      lab.equal(pickOpen(loop), [2, 2, 1], 'connections that are open, those there ever were, and servers');
      pair.client.write(lab.pattern(1000));
      await lab.until(loop, () => loop.metrics().bytesRead >= 2000);
      await lab.until(loop, () => loop.metrics().bytesWritten >= 2000);
      lab.equal(loop.metrics().bytesRead, 2000, 'bytesRead after 1000 bytes went there and back');
      lab.equal(loop.metrics().bytesWritten, 2000, 'bytesWritten after 1000 bytes went there and back');
      pair.client.close();
      await server.lost;
      await pair.listener.close();
      await lab.until(loop, () => loop.metrics().openConnections === 0);
      lab.equal(pickOpen(loop), [0, 2, 0], 'the same after everything was closed');
    },
  },
  {
    name: 'loop: metrics show that what one callback writes leaves together',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const server = lab.recorder({
        onData: (_, transport) => {
          for (let i = 0; i < 10; i++) transport.write(lab.pattern(10));
        },
      });
      const client = lab.recorder();
      const pair = await lab.connectPair(client, server);
      pair.client.write(lab.pattern(1));
      await client.until(() => client.byteCount === 100);
      await lab.settle(pair.loop);
      const { chunksWritten, flushes } = pair.loop.metrics();
      lab.equal(chunksWritten, 11, 'chunksWritten after one chunk there and ten back');
      lab.equal(flushes, 2, 'flushes after one chunk there and ten back');
    },
  },
  {
    name: 'loop: metrics tell the lag once it was measured',
    needs: ['realTime'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      loop.metrics();
      await lab.until(loop, () => loop.metrics().lagMs !== undefined);
      const { mean, max } = loop.metrics().lagMs ?? { mean: NaN, max: NaN };
      lab.check(mean >= 0 && max >= mean, `0 <= mean <= max, got ${mean} and ${max}`);
    },
  },
  {
    name: 'loop: metrics count errors that callbacks threw',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      loop.callSoon(() => {
        throw new Error('on purpose');
      });
      await lab.settle(loop);
      lab.uncaught(loop);
      lab.equal(loop.metrics().uncaughtErrors, 1, 'uncaughtErrors');
    },
  },
  ...uncaughtCases,
  ...loopClosingCases,
  ...schedulingCases,
  ...watchCases,
];
