// Which suites ran where: recorded by `pnpm test:runtimes --record` and `pnpm test:browser --record`, and listed in the
// README from that record alone.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './bootstrap.mjs';
import { markdownTable } from './markdown-table.mjs';

const recordFile = join(root, 'packages/tooling/ran-on.json');
const readmeFile = join(root, 'README.md');
const TABLE = /(<!-- ran on: .*-->\n)[\s\S]*?(<!-- \/ran on -->)/;
const order = ['Node', 'Bun', 'Deno', 'Chromium'];

/** @returns {Record<string, Record<string, number>>} passed tests by package, by host such as `Bun 1.4.5` */
export const recordedRuns = () => (existsSync(recordFile) ? JSON.parse(readFileSync(recordFile, 'utf8')) : {});

/** Of the results of suites, those that ran and passed: what may be recorded. */
export function passedRuns(results) {
  const runs = {};
  for (const { host, folder, passed, failed } of results) {
    if (failed === 0 && passed > 0) runs[host] = { ...runs[host], [folder]: passed };
  }
  return runs;
}

/**
 * A record with the runs of some hosts replaced.
 *
 * @param {readonly string[]} titles whose earlier runs go, whatever their version: `['Chromium']`
 */
export function mergeRuns(record, runs, titles) {
  const kept = Object.entries(record).filter(([host]) => !titles.includes(host.split(' ')[0]));
  return Object.fromEntries([...kept, ...Object.entries(runs)].sort(([a], [b]) => compareHosts(a, b)));
}

/**
 * Records the runs, and writes the README's table from the record.
 *
 * @throws {Error} where the README has no place for the table; nothing is written
 */
export function recordRuns(runs, titles) {
  const readme = readFileSync(readmeFile, 'utf8');
  if (!TABLE.test(readme)) throw new Error('README.md has no lines `<!-- ran on: ... -->` and `<!-- /ran on -->`');
  const record = mergeRuns(recordedRuns(), runs, titles);
  writeFileSync(recordFile, `${JSON.stringify(record, null, 2)}\n`);
  writeFileSync(
    readmeFile,
    readme.replace(TABLE, (_all, open, close) => `${open}\n${ranOnTable(record)}\n\n${close}`),
  );
}

function compareHosts(a, b) {
  const [titleA = '', versionA = ''] = a.split(' ');
  const [titleB = '', versionB = ''] = b.split(' ');
  return order.indexOf(titleA) - order.indexOf(titleB) || versionA.localeCompare(versionB, 'en', { numeric: true });
}

/** One row per package, one column per host; an empty cell where the suite did not run, or did not pass. */
export function ranOnTable(record) {
  const hosts = Object.keys(record);
  const packages = [...new Set(hosts.flatMap((host) => Object.keys(record[host])))];
  return markdownTable([
    ['package', ...hosts],
    ...packages.map((folder) => [folder, ...hosts.map((host) => (record[host][folder] === undefined ? '' : '✓'))]),
  ]);
}

/** The README's table, or undefined where it lists nothing. */
export const readmeRanOn = () => TABLE.exec(readFileSync(readmeFile, 'utf8'))?.[0];
