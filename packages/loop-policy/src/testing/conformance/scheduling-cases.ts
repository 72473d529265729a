import type { ConformanceCase } from './case.js';
import type { Lab } from './lab.js';

/** When a loop runs what it was asked to. */
export const schedulingCases: readonly ConformanceCase[] = [
  {
    name: 'loop: callSoon runs after the current code and its microtasks',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const order: string[] = [];
      loop.callSoon(() => order.push('soon'));
      void Promise.resolve()
        .then(() => order.push('microtask'))
        .then(() => order.push('microtask of a microtask'));
      order.push('code');
      await lab.until(loop, () => order.includes('soon'));
      lab.equal(order, ['code', 'microtask', 'microtask of a microtask', 'soon'], 'the order');
    },
  },
  {
    name: 'loop: callSoon keeps the order of the calls',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const order: number[] = [];
      for (let i = 0; i < 100; i++) loop.callSoon(() => order.push(i));
      await lab.until(loop, () => order.length === 100);
      lab.equal(order, [...order].sort((a, b) => a - b), 'the order'); // prettier-ignore
    },
  },
  {
    name: 'loop: callSoon inside callSoon runs after what was there before',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const order: string[] = [];
      loop.callSoon(() => {
        order.push('first');
        loop.callSoon(() => order.push('third'));
      });
      loop.callSoon(() => order.push('second'));
      await lab.until(loop, () => order.length === 3);
      lab.equal(order, ['first', 'second', 'third'], 'the order');
    },
  },
  {
    name: 'loop: callSoon that schedules itself again and again does not starve timers and sockets',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.recorder();
      const server = lab.recorder({
        onData: (chunk, transport) => {
          transport.write(chunk);
        },
      });
      const pair = await lab.connectPair(client, server);
      let isOver = false;
      const again = (): void => {
        if (!isOver) pair.loop.callSoon(again);
      };
      again();
      let hasFired = false;
      pair.loop.callLater(2, () => (hasFired = true));
      pair.client.write(lab.pattern(5));
      await client.until(() => client.byteCount === 5);
      await lab.until(pair.loop, () => hasFired);
      isOver = true;
    },
  },
  {
    name: 'loop: callSoon inside dataReceived runs after the callback and its microtasks',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const order: string[] = [];
      const server = lab.recorder({
        onData: (_, transport) => {
          transport.loop.callSoon(() => order.push('soon'));
          void Promise.resolve().then(() => order.push('microtask'));
          order.push('callback');
        },
      });
      const pair = await lab.connectPair(lab.recorder(), server);
      pair.client.write(lab.pattern(1));
      await lab.until(pair.loop, () => order.includes('soon'));
      lab.equal(order, ['callback', 'microtask', 'soon'], 'the order');
    },
  },
  {
    name: 'loop: callSoon reports a function that throws, and runs the others',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const failure = new Error('on purpose');
      let ran = 0;
      loop.callSoon(() => ran++);
      loop.callSoon(() => {
        throw failure;
      });
      loop.callSoon(() => ran++);
      await lab.until(loop, () => ran === 2);
      await lab.settle(loop);
      lab.check(lab.uncaught(loop)[0] === failure, 'the error to be reported');
    },
  },
  {
    name: 'loop: callLater never runs early',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const early: string[] = [];
      let left = 0;
      for (const delayMs of [0, 0.4, 1, 1.5, 2, 3.3, 5, 8, 13, 20]) {
        left++;
        const from = loop.now();
        loop.callLater(delayMs, () => {
          left--;
          const tookMs = loop.now() - from;
          if (tookMs < delayMs) early.push(`${delayMs} ms took ${tookMs}`);
        });
      }
      await lab.until(loop, () => left === 0);
      lab.equal(early, [], 'timers that ran early');
    },
  },
  {
    name: 'loop: callLater never runs inside the call, also without a delay',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      let hasRun = false;
      loop.callLater(0, () => (hasRun = true));
      lab.equal(hasRun, false, 'whether it ran inside the call');
      await lab.until(loop, () => hasRun);
    },
  },
  {
    name: 'loop: callLater runs once',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      let ran = 0;
      loop.callLater(1, () => ran++);
      await lab.until(loop, () => ran > 0);
      await lab.settle(loop);
      lab.equal(ran, 1, 'how often it ran');
    },
  },
  {
    name: 'loop: callLater runs the shorter delay first',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const order: number[] = [];
      for (const delayMs of [30, 10, 20]) loop.callLater(delayMs, () => order.push(delayMs));
      await lab.until(loop, () => order.length === 3);
      lab.equal(order, [10, 20, 30], 'the order');
    },
  },
  {
    name: 'loop: a timer that is cancelled never runs, and may be cancelled again',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      let ran = 0;
      const timer = loop.callLater(1, () => ran++);
      timer.cancel();
      timer.cancel();
      let isLate = false;
      loop.callLater(5, () => (isLate = true));
      await lab.until(loop, () => isLate);
      lab.equal(ran, 0, 'how often it ran');
    },
  },
  {
    name: 'loop: a timer that has run may be cancelled',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      let ran = 0;
      const timer = loop.callLater(1, () => {
        ran++;
        timer.cancel();
      });
      await lab.until(loop, () => ran > 0);
      timer.cancel();
      await lab.settle(loop);
      lab.equal(ran, 1, 'how often it ran');
    },
  },
  {
    name: 'loop: a timer may cancel another that is due with it',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const ran: string[] = [];
      const [first, second] = [
        loop.callLater(2, () => {
          ran.push('first');
          second.cancel();
        }),
        loop.callLater(2, () => {
          ran.push('second');
          first.cancel();
        }),
      ];
      await lab.until(loop, () => ran.length > 0);
      await lab.settle(loop);
      lab.equal(ran.length, 1, 'how many of the two ran');
    },
  },
  {
    name: 'loop: callLater refuses a delay that is NaN, negative or without an end, and schedules nothing',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      let ran = 0;
      for (const delayMs of [NaN, -1, -Infinity, Infinity]) {
        lab.throws(() => loop.callLater(delayMs, () => ran++), 'RangeError', `a delay of ${delayMs}`);
      }
      await lab.settle(loop);
      lab.equal(ran, 0, 'how often it ran');
    },
  },
  {
    name: 'loop: a delay of months or years does not run at once, and holds up no close()',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const ran: number[] = [];
      for (const delayMs of [2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) {
        loop.callLater(delayMs, () => ran.push(delayMs));
      }
      await lab.settle(loop);
      await loop.close();
      lab.equal(ran, [], 'what ran');
    },
  },
  {
    name: 'loop: callLater reports a function that throws, and runs the others',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const failure = new Error('on purpose');
      let ran = 0;
      loop.callLater(1, () => {
        throw failure;
      });
      loop.callLater(1, () => ran++);
      await lab.until(loop, () => ran === 1);
      await lab.settle(loop);
      const errors = lab.uncaught(loop);
      lab.equal(errors.length, 1, 'the number of errors');
      lab.check(errors[0] === failure, 'the error to be reported');
    },
  },
  {
    name: 'loop: a timer with unref() still runs while the loop turns, and ref() may follow',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      let ran = 0;
      loop.callLater(1, () => ran++).unref();
      const again = loop.callLater(1, () => ran++);
      again.unref();
      again.ref();
      await lab.until(loop, () => ran === 2);
    },
  },
  {
    name: 'loop: what a scheduled function writes leaves when it ends',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const server = lab.recorder();
      const pair = await lab.connectPair(lab.recorder(), server);
      pair.loop.callSoon(() => {
        for (let i = 0; i < 3; i++) pair.client.write(lab.pattern(10));
      });
      await server.until(() => server.byteCount === 30);
      lab.equal(pair.loop.metrics().flushes, 1, 'flushes');
    },
  },
  {
    name: 'loop: now() never goes back',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      let last = loop.now();
      for (let i = 0; i < 1000; i++) {
        const now = loop.now();
        lab.check(now >= last, `now() to be at least ${last}, got ${now}`);
        last = now;
      }
      await lab.settle(loop);
      lab.check(loop.now() >= last, `now() to be at least ${last}, got ${loop.now()}`);
    },
  },
];
