import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environment, root } from '../src/bootstrap.mjs';
import {
  copyWorkspace,
  packPackages,
  publishedPackages,
  temporaryFolder,
  versionPackages,
  type Tarball,
} from '../src/release.mjs';

const { dir, remove } = temporaryFolder('published');
const names = publishedPackages().map(({ name }) => name);
let tarballs: Tarball[] = [];
/** The same packages as they would be after the next release. */
let next: Tarball[] = [];

beforeAll(() => {
  tarballs = packPackages(root, join(dir, 'tarballs'));
  const copy = join(dir, 'workspace');
  mkdirSync(copy);
  copyWorkspace(copy);
  // A pending change of its own, so that there is a next version also right after a release.
  const changed = ['loop-policy', 'timeouts'].map((folder) => `'@millrace/${folder}': minor\n`).join('');
  writeFileSync(join(copy, '.changeset/side-by-side.md'), `---\n${changed}---\n\nA feature.\n`);
  versionPackages(copy);
  next = packPackages(copy, join(dir, 'next'));
}, 120_000);
afterAll(remove);

const run = (cwd: string, command: string, ...args: string[]): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });

/** An empty project that has installed exactly these tarballs, without a network. */
function project(name: string, dependencies: Readonly<Record<string, string>>): string {
  const folder = join(dir, name);
  mkdirSync(folder, { recursive: true });
  const manifest = { name, version: '1.0.0', private: true, type: 'module', dependencies };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  run(
    folder,
    'npm',
    'install',
    '--offline',
    '--no-audit',
    '--no-fund',
    '--omit=dev',
    '--cache',
    join(dir, 'npm-cache'),
  );
  return folder;
}

const find = (from: readonly Tarball[], name: string): Tarball => {
  const found = from.find((t) => t.name === name);
  if (found === undefined) throw new Error(`${name} was not packed`);
  return found;
};
const file = (from: readonly Tarball[], name: string): string => `file:${find(from, name).tarball}`;
const everything = (): Record<string, string> =>
  Object.fromEntries(tarballs.map(({ name, tarball }) => [name, `file:${tarball}`]));

describe('the packed tarballs', () => {
  test.each(names)('%s passes publint and are-the-types-wrong', (name) => {
    const { tarball } = find(tarballs, name);
    run(dir, 'publint', 'run', tarball, '--strict');
    run(dir, 'attw', tarball, '--profile', 'esm-only', '--no-color');
  });

  test('read-buffer loads by require() and by import from an empty project', () => {
    const folder = project('one', { '@millrace/read-buffer': file(tarballs, '@millrace/read-buffer') });
    const use = `const b = new ReadBuffer(); b.feed(new Uint8Array([1, 2])); console.log(b.readUint16());`;
    expect(
      run(
        folder,
        process.execPath,
        '--no-warnings',
        '-e',
        `const { ReadBuffer } = require('@millrace/read-buffer'); ${use}`,
      ),
    ).toBe('258\n');
    expect(
      run(
        folder,
        process.execPath,
        '--input-type=module',
        '-e',
        `import { ReadBuffer } from '@millrace/read-buffer'; ${use}`,
      ),
    ).toBe('258\n');
  });

  test('load together, every entry point of them, and depend on nothing else', () => {
    const folder = project('all', everything());
    const entries = publishedPackages().flatMap(({ name, manifest }) =>
      Object.keys((manifest as unknown as { exports: Record<string, unknown> }).exports)
        .filter((path) => !path.endsWith('.json'))
        .map((path) => name + path.slice(1)),
    );
    const code = `for (const e of ${JSON.stringify(entries)}) { await import(e); console.log(e); }`;
    expect(run(folder, process.execPath, '--input-type=module', '-e', code).trim().split('\n')).toEqual(entries);
    const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, unknown>;
    };
    const installed = Object.keys(lock.packages)
      .filter((path) => path !== '')
      .map((path) => path.slice('node_modules/'.length));
    expect(installed.sort()).toEqual([...names].sort());
  });
});

describe('two versions side by side', () => {
  test('agree on the loop policy', () => {
    const timeouts = file(next, '@millrace/timeouts');
    const folder = project('two', {
      '@millrace/timeouts': timeouts,
      '@millrace/loop-policy': file(next, '@millrace/loop-policy'),
      'older-loop-policy': file(tarballs, '@millrace/loop-policy'),
    });
    const code = `
      import * as newer from '@millrace/loop-policy';
      import * as older from 'older-loop-policy';
      import { readFileSync } from 'node:fs';
      const version = (name) => JSON.parse(readFileSync('node_modules/' + name + '/package.json', 'utf8')).version;
      const policy = { name: 'mine', getLoop: () => older.nodePolicy.getLoop(), newLoop: () => older.nodePolicy.newLoop() };
      const results = [newer.getLoop() === older.getLoop(), version('@millrace/loop-policy') !== version('older-loop-policy'), newer.getLoop !== older.getLoop];
      older.setLoopPolicy(policy);
      results.push(newer.getLoop() === older.nodePolicy.getLoop());
      newer.setLoopPolicy(null);
      results.push(older.getLoop() !== undefined);
      console.log(JSON.stringify(results));`;
    expect(JSON.parse(run(folder, process.execPath, '--input-type=module', '-e', code))).toEqual([
      true,
      true,
      true,
      true,
      true,
    ]);
  });
});

describe('apps/echo-server, copied out of the repository', () => {
  test('compiles, builds and echoes on the packed packages', async () => {
    const source = join(root, 'apps/echo-server');
    const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const folder = project(
      'copied-echo',
      Object.fromEntries(Object.keys(manifest.dependencies).map((n) => [n, file(tarballs, n)])),
    );
    for (const part of ['src', 'tsconfig.json']) cpSync(join(source, part), join(folder, part), { recursive: true });
    // The compiler and its Node types come from the repository; the types of the packages from the tarballs.
    run(folder, 'tsc', '--noEmit', '--typeRoots', join(root, 'node_modules/@types'));
    run(folder, 'tsup', 'src/main.ts', 'src/load.ts', '--format', 'esm', '--target', 'node20', '--no-config');

    const server = spawn(process.execPath, ['dist/main.js', '--listen', 'tcp://127.0.0.1:0'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = (await once(server.stdout, 'data')) as [Buffer];
      const address = /tcp:\/\/\S+/.exec(line.toString())?.[0] ?? '';
      expect(run(folder, process.execPath, 'dist/load.js', address, '--seconds', '0.3')).toMatch(/messages\/s/);
    } finally {
      server.kill('SIGTERM');
    }
    const [code] = (await once(server, 'exit')) as [number | null];
    expect(code).toBe(0);
  });
});
