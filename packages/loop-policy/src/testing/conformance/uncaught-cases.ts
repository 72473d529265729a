import type { ConformanceCase } from './case.js';
import type { Lab } from './lab.js';

/** Whatever code throws: it need not be an error. */
const THROWN: readonly unknown[] = ['a text', undefined, null, { code: 7 }];

function thrower(thrown: unknown): () => never {
  return () => {
    throw thrown;
  };
}

/** What becomes of things thrown that are no errors, and by those who are told of errors. */
export const uncaughtCases: readonly ConformanceCase[] = [
  {
    name: 'loop: what a scheduled function throws is reported as it is, also where it is no Error',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      for (const thrown of THROWN) loop.callSoon(thrower(thrown));
      await lab.settle(loop);
      loop.callLater(0, thrower('from a timer'));
      await lab.settle(loop);
      lab.equal(lab.uncaught(loop), [...THROWN, 'from a timer'], 'what the loop reported');
    },
  },
  {
    name: 'loop: what a callback throws is reported as it is, and connectionLost is told of an Error',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const server = lab.recorder({ onData: thrower('a text') });
      const pair = await lab.connectPair(lab.recorder(), server);
      pair.client.write(lab.pattern(1));
      lab.check((await server.lost) instanceof Error, 'connectionLost to be told of an Error');
      lab.equal(lab.uncaught(pair.loop), ['a text'], 'what the loop reported');
    },
  },
  {
    name: 'loop: an onUncaught handler that throws stops neither the other handlers nor the loop',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const failure = new Error('on purpose');
      const told: unknown[] = [];
      const { error: original } = console;
      console.error = () => undefined; // where the loop may tell of it
      try {
        loop.onUncaught(thrower(new Error('not this one, too')));
        loop.onUncaught((error) => told.push(error));
        loop.callSoon(thrower(failure));
        loop.callSoon(() => told.push('the next function'));
        await lab.settle(loop);
      } finally {
        console.error = original;
      }
      lab.equal(told, [failure, 'the next function'], 'who was told, and what ran');
      lab.uncaught(loop);
    },
  },
];
