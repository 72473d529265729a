// Runs a package's own suite on a runtime.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './bootstrap.mjs';
import { readReport } from './report.mjs';
import { runtimeEnvironment, runtimeTitle } from './runtimes.mjs';

/**
 * The packages that work on every runtime: `loop-policy` as far as `node:net`, `node:tls` and `node:dgram` do there, which
 * `conformance-known-failures.ts` of its tests lists case by case.
 */
export const portablePackages = [
  'read-buffer',
  'write-buffer',
  'codecs',
  'timeouts',
  'async-queue',
  'sync',
  'testkit',
  'postgres-protocol',
  'streams',
  'loop-sim',
  'loop-policy',
];

/**
 * Test files that run on Node only although their names do not say so: by package, the file and what of Node it is about.
 * What users see of it is in the conformance suite, which runs everywhere.
 */
export const onNodeOnly = {
  'loop-policy': {
    'test/node-loop.integration.test.ts': 'a backlog that is full, which leaves clients without an answer',
    'test/node-server.integration.test.ts': 'servers of node:net without file descriptors, and of node:cluster',
    'test/node-transport.integration.test.ts': 'memory that node:net fills without a copy, descriptors taken over',
    'test/tls.integration.test.ts': 'renegotiation and sessions of node:tls',
    'test/tls-settings.test.ts': 'what createSecureContext() of node:tls refuses',
    'test/datagram.integration.test.ts': 'the order and the errors of node:dgram',
    'test/limits.integration.test.ts': 'limits over startTls() of accepted connections',
  },
};

/** @returns {string[]} arguments of vitest that leave out what does not run on `runtime` */
export function exclusions(folder, { title }) {
  return title === 'Node' ? [] : Object.keys(onNodeOnly[folder] ?? {}).map((file) => `--exclude=${file}`);
}

const LIMIT_MS = 10 * 60_000;
const config = join(import.meta.dirname, 'runtimes.vitest.config.mjs');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');

/**
 * @param {import('./supervisor.mjs').Supervisor} supervisor
 * @param {string} folder the package
 * @param {typeof import('./runtimes.mjs').runtimes.bun} runtime
 * @param {string} binary of the runtime
 * @returns {Promise<{ passed: number, failed: number, seconds: number, output: string }>} `failed` is at least 1 unless
 * tests ran and all of them passed; `output` is what vitest printed
 */
export async function runSuite(supervisor, folder, runtime, binary) {
  const host = runtimeTitle(runtime);
  const report = join(root, 'packages', folder, '.results/runtimes', `${host.replace(' ', '-').toLowerCase()}.json`);
  rmSync(report, { force: true }); // what is there afterwards is this run's
  const started = Date.now();
  const args = [...runtime.args, vitest, 'run', '--config', config, ...exclusions(folder, runtime)];
  const { code, output } = await capture(supervisor, binary, args, {
    cwd: join(root, 'packages', folder),
    name: `${folder} on ${host}`,
    env: {
      ...runtimeEnvironment(),
      MILLRACE_RUNTIME: host,
      MILLRACE_REPORT: report,
      MILLRACE_EXPLORE_DEPTH: '3',
      NO_COLOR: '1',
    },
  });
  return { ...judge(readReport(report), code), seconds: (Date.now() - started) / 1000, output };
}

/** A run counts as passed where it said so, in its exit code and in its report, and where there was something to pass. */
export function judge(totals = { passed: 0, failed: 0 }, code) {
  const isGood = code === 0 && totals.failed === 0 && totals.passed > 0;
  return isGood ? totals : { ...totals, failed: Math.max(1, totals.failed) };
}

async function capture(supervisor, command, args, options) {
  let output = '';
  let limit;
  let code = 1;
  const onSpawn = (child) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    limit = setTimeout(() => {
      output += `\nstopped after ${String(LIMIT_MS / 60_000)} minutes\n`;
      child.kill('SIGTERM');
    }, LIMIT_MS);
  };
  try {
    await supervisor.run(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], onSpawn });
    code = 0;
  } catch (error) {
    supervisor.check();
    output += `\n${error.message}\n`;
  } finally {
    clearTimeout(limit);
  }
  return { code, output };
}
