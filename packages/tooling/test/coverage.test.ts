import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { environment, root } from '../src/bootstrap.mjs';
import { publishedPackages, temporaryFolder } from '../src/release.mjs';

const { dir, remove } = temporaryFolder('coverage');
afterAll(remove);

/** The coverage settings that `vitest.config.mjs` gives to a package whose suite is started so. */
function coverageOf(folder: string, ...args: string[]): { enabled: boolean; thresholds: { branches?: number } } {
  const cwd = join(dir, folder);
  mkdirSync(cwd, { recursive: true });
  const script = join(dir, 'print-coverage.mjs');
  const config = JSON.stringify(join(root, 'vitest.config.mjs'));
  writeFileSync(script, `import config from ${config}; console.log(JSON.stringify(config.test.coverage));`);
  const out = execFileSync(process.execPath, [script, ...args], { cwd, encoding: 'utf8', env: environment() });
  return JSON.parse(out) as ReturnType<typeof coverageOf>;
}

describe('the share of branches that a suite must take', () => {
  const script = ['run', '--config', '../../vitest.config.mjs', '--root', '.'];

  test.each(['read-buffer', 'write-buffer', 'codecs'])('is 95 %% for %s', (folder) => {
    expect(coverageOf(folder, ...script)).toMatchObject({ enabled: true, thresholds: { branches: 95 } });
  });

  test('is not asked of other packages', () => {
    expect(coverageOf('postgres', ...script)).toMatchObject({ enabled: false });
  });

  test('is not asked of one test file', () => {
    expect(coverageOf('codecs', ...script, 'test/struct.test.ts')).toMatchObject({ enabled: false });
  });

  test('is asked by the `test` script of every package', () => {
    for (const { name, manifest } of publishedPackages()) {
      expect(manifest.scripts?.['test'], name).toBe(`vitest ${script.join(' ')}`);
    }
  });
});
