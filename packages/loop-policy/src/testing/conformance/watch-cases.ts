import type { BlockedReport, Loop, Transport } from '../contract.js';
import type { ConformanceCase } from './case.js';
import type { Lab } from './lab.js';

const BLOCKED_MS = 5;

/** Keeps the loop busy for longer than {@link BLOCKED_MS}. */
function block(loop: Loop): void {
  const from = loop.now();
  while (loop.now() - from < BLOCKED_MS + 1) continue;
}

function watchInto(loop: Loop, blockedMs = BLOCKED_MS): { reports: BlockedReport[]; stop: () => void } {
  const reports: BlockedReport[] = [];
  return { reports, stop: loop.watch({ blockedMs, onBlocked: (report) => reports.push(report) }) };
}

/** How a loop names the callbacks that block it. */
export const watchCases: readonly ConformanceCase[] = [
  {
    name: 'loop: watch() names the class and the method that blocked, and its transport',
    needs: ['tcp', 'realTime'],
    run: async (lab: Lab) => {
      const server = lab.recorder({
        onData: (_, transport) => {
          block(transport.loop);
        },
      });
      const pair = await lab.connectPair(lab.recorder(), server);
      const { reports } = watchInto(pair.loop);
      pair.client.write(lab.pattern(1));
      await lab.until(pair.loop, () => reports.some(({ transport }) => transport === pair.server));
      const report = reports.find(({ transport }) => transport === pair.server);
      lab.equal(report?.callback, 'Recorder.dataReceived', 'the name of the callback');
      lab.check((report?.elapsedMs ?? 0) >= BLOCKED_MS, 'elapsedMs to be what it took');
    },
  },
  {
    name: 'loop: watch() measures each callback of a protocol',
    needs: ['tcp', 'realTime'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const { reports } = watchInto(loop);
      const slow = (transport: Transport): void => {
        block(transport.loop);
      };
      const server = lab.recorder({
        onMade: slow,
        onEof: () => {
          block(loop);
          return undefined;
        },
        onLost: () => {
          block(loop);
        },
      });
      const pair = await lab.connectPair(lab.recorder(), server, { loop });
      pair.client.close();
      await server.lost;
      await lab.settle(loop);
      const names = new Set(reports.map(({ callback }) => callback));
      for (const method of ['connectionMade', 'eofReceived', 'connectionLost']) {
        lab.check(names.has(`Recorder.${method}`), `a report of Recorder.${method}, got ${[...names].join(', ')}`);
      }
    },
  },
  {
    name: 'loop: watch() names scheduled functions',
    needs: ['realTime'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const { reports } = watchInto(loop);
      loop.callSoon(function rebuildIndex() {
        block(loop);
      });
      loop.callLater(1, function expireSessions() {
        block(loop);
      });
      const names = (): string[] => reports.map(({ callback }) => callback);
      await lab.until(loop, () => names().includes('rebuildIndex') && names().includes('expireSessions'));
      const report = reports.find(({ callback }) => callback === 'rebuildIndex');
      lab.equal(report?.transport, undefined, 'the transport of a scheduled function');
    },
  },
  {
    name: 'loop: watch() is silent about what is quick',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const { reports } = watchInto(loop, 1_000_000);
      loop.callSoon(() => undefined);
      await lab.settle(loop);
      lab.equal(reports.length, 0, 'the number of reports');
    },
  },
  {
    name: 'loop: watch() ends when it is told to, for each watcher by itself',
    needs: ['realTime'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const [first, second] = [watchInto(loop), watchInto(loop)];
      first.stop();
      loop.callSoon(function once() {
        block(loop);
      });
      await lab.until(loop, () => second.reports.some(({ callback }) => callback === 'once'));
      second.stop();
      const { length } = second.reports;
      loop.callSoon(() => {
        block(loop);
      });
      await lab.settle(loop);
      lab.equal([first.reports.length, second.reports.length], [0, length], 'the number of reports');
    },
  },
  {
    name: 'loop: watch() also measures a callback that throws',
    needs: ['realTime'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const { reports } = watchInto(loop);
      loop.callSoon(function fail() {
        block(loop);
        throw new Error('on purpose');
      });
      await lab.until(loop, () => reports.some(({ callback }) => callback === 'fail'));
      lab.equal(lab.uncaught(loop).length, 1, 'the number of errors');
    },
  },
  {
    name: 'loop: watch() reports what its own function throws',
    needs: ['realTime'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const failure = new Error('on purpose');
      let isFirst = true;
      loop.watch({
        blockedMs: BLOCKED_MS,
        onBlocked: () => {
          if (!isFirst) return;
          isFirst = false;
          throw failure;
        },
      });
      loop.callSoon(() => {
        block(loop);
      });
      await lab.settle(loop);
      lab.check(lab.uncaught(loop)[0] === failure, 'the error to be reported');
    },
  },
  {
    name: 'loop: watch() refuses a limit that is not more than 0',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      for (const blockedMs of [0, -1, NaN]) {
        lab.throws(() => loop.watch({ blockedMs }), 'RangeError', `blockedMs ${blockedMs}`);
      }
      await Promise.resolve();
    },
  },
];
