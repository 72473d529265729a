import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environment, root } from '../src/bootstrap.mjs';
import { withoutTypes } from '../src/bundle.mjs';
import { readmeExamples } from '../src/readme.mjs';
import {
  copyWorkspace,
  packPackages,
  publishedPackages,
  temporaryFolder,
  versionPackages,
  type Tarball,
} from '../src/release.mjs';

const runAsync = promisify(execFile);
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
    for (const conditions of [[], ['--conditions=millrace-debug']]) {
      const loaded = run(folder, process.execPath, ...conditions, '--input-type=module', '-e', code);
      expect(loaded.trim().split('\n')).toEqual(entries);
    }
    const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, unknown>;
    };
    const installed = Object.keys(lock.packages)
      .filter((path) => path !== '')
      .map((path) => path.slice('node_modules/'.length));
    expect(installed.sort()).toEqual([...names].sort());
  });
});

describe('the example of a README, in an empty project that installed what the README says', () => {
  let databaseUrl = process.env['DATABASE_URL'];
  let server: (AsyncDisposable & { readonly url: string }) | undefined;
  beforeAll(async () => {
    if (databaseUrl !== undefined) return;
    const built = pathToFileURL(join(root, 'packages/pgserver/dist/index.js')).href;
    const { startServer } = (await import(built)) as { startServer: () => Promise<NonNullable<typeof server>> };
    server = await startServer();
    databaseUrl = server.url;
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  /** Everything that npm would bring along. */
  const closure = (wanted: readonly string[], found = new Set<string>()): Set<string> => {
    for (const name of wanted.filter((n) => !found.has(n))) {
      found.add(name);
      const { manifest } = publishedPackages().find((p) => p.name === name) ?? expect.fail(`${name} is not published`);
      closure(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }), found);
    }
    return found;
  };

  test.each(names)('%s', async (name) => {
    const { dir: source } = publishedPackages().find((p) => p.name === name) ?? expect.fail(name);
    const readme = readFileSync(join(source, 'README.md'), 'utf8');
    const named = [...(/npm install .*/.exec(readme)?.[0] ?? '').matchAll(/@millrace\/[a-z-]+/g)].map(([n]) => n);
    expect(named).toContain(name);
    const folder = project(
      `readme-of-${name.slice('@millrace/'.length)}`,
      Object.fromEntries([...closure(named)].map((n) => [n, file(tarballs, n)])),
    );
    for (const [index, { name: line, code, output }] of readmeExamples(source).entries()) {
      const imported = [...code.matchAll(/from '(@millrace\/[a-z-]+)/g)].map(([, n]) => n);
      expect(named, 'what the README installs').toEqual(expect.arrayContaining(imported));
      const script = `example-${String(index)}.mjs`;
      writeFileSync(join(folder, script), await withoutTypes(code));
      const { stdout } = await runAsync(process.execPath, [script], {
        cwd: folder,
        env: { ...environment(), DATABASE_URL: databaseUrl },
      }).catch((error: unknown) => {
        const { code: exitCode, stderr } = error as { code: number; stderr: string };
        return expect.fail(`${line}: node exited with ${exitCode}\n${stderr}`);
      });
      if (output !== undefined) expect(stdout.trimEnd(), line).toBe(output.trimEnd());
    }
  });
});

test('the examples of all READMEs compile with the packed types', () => {
  const folder = project('types', everything());
  const options = {
    ...{ target: 'ES2023', lib: ['ES2023', 'ESNext.Disposable'], module: 'NodeNext', types: ['node'] },
    ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true, typeRoots: [join(root, 'node_modules/@types')] },
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
  for (const { name, dir: source } of publishedPackages()) {
    for (const [index, { code }] of readmeExamples(source).entries()) {
      writeFileSync(join(folder, `${name.slice('@millrace/'.length)}-${String(index)}.ts`), code);
    }
  }
  const { status, stdout } = spawnSync('tsc', [], { cwd: folder, encoding: 'utf8', env: environment() });
  expect(stdout).toBe('');
  expect(status).toBe(0);
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

    for (const style of ['protocol', 'streams', 'sockets']) {
      const server = spawn(process.execPath, ['dist/main.js', '--style', style, '--listen', 'tcp://127.0.0.1:0'], {
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
      expect(code, style).toBe(0);
    }
  });
});
