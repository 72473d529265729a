// `pnpm test:browser [--record] [--required]`: the suites of the pure packages in headless Chromium. Where there is none,
// says so and ends well, unless it is --required.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { layers } from '../../../layers.mjs';
import { environment, root } from '../src/bootstrap.mjs';
import { chromiumVersion, findChromium } from '../src/chromium.mjs';
import { passedRuns, recordRuns } from '../src/ran-on.mjs';
import { readReport } from '../src/report.mjs';
import { judge } from '../src/runtime-suites.mjs';
import { Supervisor } from '../src/supervisor.mjs';

const args = process.argv.slice(2).filter((arg) => arg !== '--');
const unknown = args.filter((arg) => arg !== '--record' && arg !== '--required');
const supervisor = new Supervisor();
let failure;
try {
  if (unknown.length > 0) throw new Error(`expected --record or --required; got ${unknown.join(' ')}`);
  const path = findChromium();
  if (path === undefined) {
    const advice = 'install one (apt-get install chromium, or npx playwright install chromium) or let CHROMIUM name it';
    if (args.includes('--required')) throw new Error(`no Chromium was found: ${advice}`);
    console.log(`Skipped: the suites did not run in a browser, no Chromium was found; ${advice}.`);
  } else await runIn(path);
} catch (error) {
  failure = error;
}
const code = await supervisor.finish(failure !== undefined);
if (failure !== undefined && !supervisor.stopped) console.error(`\n${failure.message}`);
process.exit(code);

async function runIn(path) {
  const host = `Chromium ${chromiumVersion(path)}`;
  console.log(`Running in ${host} (${path})`);
  const reportFile = join(root, 'packages/tooling/.results/browser.json');
  rmSync(reportFile, { force: true });
  let error;
  try {
    await supervisor.run('vitest', ['run', '--config', 'vitest.browser.config.mjs'], {
      env: { ...environment(), CHROMIUM: path },
    });
  } catch (cause) {
    supervisor.check();
    error = cause;
  }
  const results = Object.keys(layers)
    .filter((folder) => layers[folder].pure === true)
    .map((folder) => {
      const totals = readReport(reportFile, (file) => file.startsWith(join(root, 'packages', folder, '/')));
      return { host, folder, ...judge(totals, 0) };
    });
  for (const { folder, passed, failed } of results) {
    console.log(`${folder.padEnd(18)} ${String(passed)} passed, ${String(failed)} failed`);
  }
  if (args.includes('--record')) recordRuns(passedRuns(results), ['Chromium']);
  if (error !== undefined) throw error;
  const bad = results.filter(({ failed }) => failed > 0).map(({ folder }) => folder);
  if (bad.length > 0) throw new Error(`failed, or without a test: ${bad.join(', ')}`);
}
