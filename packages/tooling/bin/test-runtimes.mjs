// `pnpm test:runtimes [--record] [names]`: the suites of the portable packages on Node 22, 24 and 26, on Bun and on Deno.
// Names, of runtimes or packages, choose some: `pnpm test:runtimes bun read-buffer`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../src/bootstrap.mjs';
import { markdownTable } from '../src/markdown-table.mjs';
import { passedRuns, recordRuns } from '../src/ran-on.mjs';
import { portablePackages, runSuite } from '../src/runtime-suites.mjs';
import { fetchRuntime, runtimes, runtimeTitle } from '../src/runtimes.mjs';
import { Supervisor } from '../src/supervisor.mjs';

const args = process.argv.slice(2).filter((arg) => arg !== '--');
const isRecording = args.includes('--record');
const names = args.filter((arg) => arg !== '--record');
const supervisor = new Supervisor();
const results = [];
let failure;
try {
  const { chosenRuntimes, chosenPackages } = choose();
  await buildPackages();
  for (const name of chosenRuntimes) await runOn(name, chosenPackages);
  report(chosenPackages);
  if (isRecording) recordRuns(passedRuns(results), ['Node', 'Bun', 'Deno']);
} catch (error) {
  failure = error;
}
const failed = results.filter((result) => result.failed > 0);
const code = await supervisor.finish(failure !== undefined || failed.length > 0);
if (failure !== undefined && !supervisor.stopped) console.error(`\n${failure.message}`);
process.exit(code);

function choose() {
  const known = [...Object.keys(runtimes), ...portablePackages];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`expected some of ${known.join(', ')}; got ${unknown.join(', ')}`);
  if (isRecording && names.length > 0) throw new Error('--record needs a run of everything, without names');
  const chosenOf = (all) => (all.some((name) => names.includes(name)) ? all.filter((n) => names.includes(n)) : all);
  return { chosenRuntimes: chosenOf(Object.keys(runtimes)), chosenPackages: chosenOf(portablePackages) };
}

/** The embedded PostgreSQL, which its tests start. */
/** Some suites start programs on what is built, and one a server. */
function buildPackages() {
  const args = ['run', 'build', '--filter=./packages/*', '--output-logs=errors-only', '--log-order=grouped'];
  return supervisor.run('turbo', args, { name: 'the build' });
}

async function runOn(name, packages) {
  const runtime = runtimes[name];
  const host = runtimeTitle(runtime);
  const binary = await fetchRuntime(name);
  for (const folder of packages) {
    const { passed, failed, seconds, output } = await runSuite(supervisor, folder, runtime, binary);
    results.push({ host, folder, passed, failed });
    const outcome = failed === 0 ? `${String(passed)} passed` : `${String(passed)} passed, ${String(failed)} failed`;
    console.log(`${host.padEnd(14)} ${folder.padEnd(18)} ${outcome} (${seconds.toFixed(1)} s)`);
    if (failed > 0) console.error(excerpt(output));
  }
}

/** Where everything fails, vitest is verbose. */
function excerpt(output) {
  const limit = 20_000;
  return output.length <= limit ? output : `${output.slice(0, limit)}\n... (${String(output.length - limit)} more)`;
}

/** Passed tests, and what failed, per package and runtime. */
function report(packages) {
  const hosts = [...new Set(results.map(({ host }) => host))];
  const cell = (folder, host) => {
    const { passed, failed } = results.find((result) => result.folder === folder && result.host === host);
    return failed === 0 ? String(passed) : `${String(passed)}, ${String(failed)} FAILED`;
  };
  const rows = packages.map((folder) => [folder, ...hosts.map((host) => cell(folder, host))]);
  console.log(`\n${markdownTable([['passed', ...hosts], ...rows])}`);
  mkdirSync(join(root, 'packages/tooling/.results'), { recursive: true });
  writeFileSync(join(root, 'packages/tooling/.results/runtimes.json'), `${JSON.stringify(results, null, 2)}\n`);
}
