import { getLoop, type Loop } from '@millrace/loop-policy';
import { defaultTimers } from '@millrace/timeouts';
import { afterAll, inject, test } from 'vitest';
import { connect } from '../src/index.js';
import { guardedServer, stopGuardedServer } from './guarded-server.js';
import type { Cases, Setting, Suite } from './setting.js';
import { startProxy } from './tcp-proxy.js';

/** Runs a suite against the real server. */
export function runAgainstServer(suite: Suite): void {
  const define = (name: string, run: (setting: Setting) => Promise<void>, timeoutMs?: number): void => {
    test(name, { timeout: timeoutMs ?? 60_000 }, async () => {
      await using setting = realSetting();
      await run(setting);
    });
  };
  const cases: Cases = Object.assign(
    (name: string, run: (setting: Setting) => Promise<void>) => {
      define(name, run);
    },
    {
      realOnly: (_reason: string, name: string, run: (setting: Setting) => Promise<void>, timeoutMs?: number): void => {
        define(name, run, timeoutMs);
      },
    },
  );
  suite(cases);
  afterAll(stopGuardedServer);
}

/** The server of the global set-up, over real sockets and in real time. */
export function realSetting(loop: Loop = getLoop()): Setting & AsyncDisposable {
  const url = inject('databaseUrl');
  const links: AsyncDisposable[] = [];
  return {
    url,
    loop,
    timers: defaultTimers(),
    connect: (options = {}, op) => connect({ url, loop, ...options }, op),
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    after: (ms, fn) => {
      const timer = setTimeout(fn, ms);
      return () => {
        clearTimeout(timer);
      };
    },
    volume: (real) => real,
    openLink: async () => {
      const proxy = await startProxy(url);
      links.push(proxy);
      return {
        target: { url: proxy.url, loop },
        stall: proxy.stall,
        ignoreNew: proxy.ignoreNew,
        cut: proxy.cut,
      };
    },
    guarded: async (user, password) => {
      const { port, socketDir } = await guardedServer();
      return { host: '127.0.0.1', port, socketDir, database: 'postgres', user, password };
    },
    async [Symbol.asyncDispose]() {
      for (const link of links) await link[Symbol.asyncDispose]();
    },
  };
}
