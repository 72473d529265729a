import { getLoop } from '@millrace/loop-policy';
import type { Chunking } from '@millrace/postgres-protocol/testing';
import { randomChunks } from '@millrace/testkit';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { connect } from '../../src/index.js';
import { realSetting } from '../real-setting.js';
import type { Setting, Suite } from '../setting.js';
import { formatCassettes, parseCassettes } from './cassette.js';
import type { Cassettes } from './cassette.js';
import { Recorder } from './recorder.js';
import { Replay } from './replay.js';

/** Records what the real server says, instead of replaying it. */
const isRecording = process.env['RECORD'] === '1';

/** How long nothing at all may happen before a case counts as stuck. Nothing is waited for but the host's turns. */
const STUCK_MS = 2000;

/** How a replay is cut into chunks. */
const CHUNKINGS: Readonly<Record<string, () => Chunking>> = {
  'in large chunks': () => 64 * 1024,
  'in random pieces': () => {
    let seed = 0;
    return (bytes) => randomChunks(bytes, { seed: (seed += 1), maxBytes: Math.max(64, bytes.length >> 7) });
  },
};

/** Runs a suite against what the server has said when `test/cassettes/<name>.cassette` was recorded. */
export function runAgainstScript(name: string, suite: Suite): void {
  const path = join(import.meta.dirname, '../cassettes', `${name}.cassette`);
  if (isRecording) {
    record(path, suite);
    return;
  }
  const cassettes = existsSync(path) ? parseCassettes(readFileSync(path, 'utf8')) : new Map<string, never>();
  for (const [how, chunking] of Object.entries(CHUNKINGS)) {
    describe(`${name}, against a script, ${how}`, () => {
      const used = new Set<string>();
      const replayCase = (title: string, run: (setting: Setting) => Promise<void>): void => {
        test(title, async () => {
          const key = expect.getState().currentTestName?.split(' > ').slice(1).join(' > ') ?? title;
          const events = cassettes.get(key);
          if (events === undefined) throw new Error(`no recording of ${key}: run RECORD=1 pnpm test`);
          used.add(key);
          await replay(new Replay(events, chunking()), run);
        });
      };
      suite(Object.assign(replayCase, { realOnly: () => undefined }));
      test('uses each recording', () => {
        expect([...cassettes.keys()].filter((key) => !used.has(key))).toEqual([]);
      });
    });
  }
}

async function replay(player: Replay, run: (setting: Setting) => Promise<void>): Promise<void> {
  const { loop } = player;
  const target = { host: 'script', user: 'postgres', database: 'postgres', loop };
  const setting: Setting = {
    target,
    loop,
    timers: loop,
    connect: (options = {}, op) => connect({ ...target, ...options }, op),
    pause: (ms) =>
      new Promise((resolve) => {
        loop.callLater(ms, resolve);
      }),
    after: (ms, fn) => {
      const timer = loop.callLater(ms, fn);
      return () => {
        timer.cancel();
      };
    },
    volume: (_real, recorded) => recorded,
    openLink: () => {
      const act = (name: string) => (): void => {
        player.act(name);
      };
      return Promise.resolve({ target, stall: act('stall'), ignoreNew: act('ignoreNew'), cut: act('cut') });
    },
  };
  const stuck = new StuckWatch(loop);
  try {
    await Promise.race([run(setting), stuck.promise]);
    await loop.dormant();
  } catch (error) {
    try {
      player.finish();
    } catch (cause) {
      if (error instanceof Error && cause instanceof Error) error.message += `\n  the script: ${cause.message}`;
    }
    throw error;
  } finally {
    stuck.stop();
  }
  player.finish();
}

/** Rejects when the loop has been dormant for too long: the case waits for something that will not come. */
class StuckWatch {
  readonly promise: Promise<never>;
  readonly #timer: NodeJS.Timeout;

  constructor(loop: { readonly isDormant: boolean }) {
    let sinceMs: number | undefined;
    let reject: (error: Error) => void = () => undefined;
    this.promise = new Promise<never>((_resolve, fail) => {
      reject = fail;
    });
    this.promise.catch(() => undefined);
    this.#timer = setInterval(() => {
      if (!loop.isDormant) sinceMs = undefined;
      else if ((sinceMs ??= performance.now()) < performance.now() - STUCK_MS)
        reject(new Error('the case waits, and nothing can happen any more'));
    }, 50);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function record(path: string, suite: Suite): void {
  const cassettes: Cassettes = new Map();
  const recordCase = (title: string, run: (setting: Setting) => Promise<void>): void => {
    test(title, async () => {
      const key = expect.getState().currentTestName ?? title;
      const recorder = new Recorder(getLoop());
      await using real = realSetting(recorder.loop);
      await run(recordingSetting(real, recorder));
      while (!recorder.isQuiet) await real.pause(5);
      cassettes.set(key, recorder.events);
    });
  };
  suite(Object.assign(recordCase, { realOnly: () => undefined }));
  afterAll(() => {
    writeFileSync(path, formatCassettes(cassettes));
  });
}

/** The real server, as user and database of the replay, with everything that is said and heard noted down. */
function recordingSetting(real: Setting, recorder: Recorder): Setting {
  return {
    ...real,
    volume: (_real, recorded) => recorded,
    openLink: async () => {
      const link = await real.openLink();
      const act = (name: 'stall' | 'ignoreNew' | 'cut') => (): void => {
        recorder.act(name);
        link[name]();
      };
      return { target: link.target, stall: act('stall'), ignoreNew: act('ignoreNew'), cut: act('cut') };
    },
  };
}
