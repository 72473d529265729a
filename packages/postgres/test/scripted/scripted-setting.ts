import { getLoop } from '@millrace/loop-policy';
import type { Chunking } from '@millrace/postgres-protocol/testing';
import { randomChunks } from '@millrace/testkit';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { connect } from '../../src/index.js';
import { stopGuardedServer } from '../guarded-server.js';
import { realSetting } from '../real-setting.js';
import type { Setting, Suite } from '../setting.js';
import { formatCassettes, parseCassettes } from './cassette.js';
import type { Cassettes, Event } from './cassette.js';
import { Recorder } from './recorder.js';
import { Replay } from './replay.js';

/** Records what the real server says, instead of replaying it. */
const isRecording = process.env['RECORD'] === '1';

/** How long nothing at all may happen before a case counts as stuck. Nothing is waited for but the host's turns. */
const STUCK_MS = 2000;

/** How a replay is cut into chunks. */
const CHUNKINGS: Readonly<Record<string, () => Chunking>> = {
  'in the chunks that came': () => 'whole',
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
          if (events === undefined)
            throw new Error(`no recording of ${key}: run pnpm --filter @millrace/postgres regenerate`);
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
  const url = 'postgres://postgres@script:5432/postgres';
  const setting: Setting = {
    url,
    loop,
    timers: loop,
    connect: (options = {}, op) => connect({ url, loop, ...options }, op),
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
      return Promise.resolve({
        target: { url, loop },
        stall: act('stall'),
        ignoreNew: act('ignoreNew'),
        cut: act('cut'),
      });
    },
    guarded: (user, password) =>
      Promise.resolve({ host: 'script', port: 5432, socketDir: undefined, database: 'postgres', user, password }),
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

/** How often a case is recorded again whose recording cannot be replayed: the machine was too busy for its timers. */
const ATTEMPTS = 5;

function record(path: string, suite: Suite): void {
  if ((process.env['DATABASE_URL'] ?? '') !== '')
    throw new Error('recordings are made of the embedded server: unset DATABASE_URL');
  const cassettes: Cassettes = new Map();
  const recordCase = (title: string, run: (setting: Setting) => Promise<void>): void => {
    test(title, { timeout: 300_000 }, async () => {
      const key = expect.getState().currentTestName ?? title;
      for (let attempt = 1; ; attempt++) {
        const events = await recordOnce(run);
        try {
          for (const chunking of Object.values(CHUNKINGS)) await replay(new Replay(events, chunking()), run);
          cassettes.set(key, events);
          return;
        } catch (error) {
          if (attempt === ATTEMPTS) throw error;
        }
      }
    });
  };
  suite(Object.assign(recordCase, { realOnly: () => undefined }));
  afterAll(async () => {
    await stopGuardedServer();
    writeFileSync(path, formatCassettes(cassettes));
  });
}

async function recordOnce(run: (setting: Setting) => Promise<void>): Promise<readonly Event[]> {
  const recorder = new Recorder(getLoop());
  await using real = realSetting(recorder.loop);
  await run(recordingSetting(real, recorder));
  while (!recorder.isQuiet) await real.pause(5);
  return recorder.events;
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
