// Shared by every package: `vitest run --config ../../vitest.config.mjs --root .`
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { defineConfig } from 'vitest/config';

const conditions = ['@millrace/source', 'import', 'module', 'node', 'default'];
// A package that needs a server says so by having this file.
const globalSetup = join(process.cwd(), 'test/global-setup.ts');

/** Percent of all branches in `src` that a package's suite must take. */
const branchThresholds = { 'read-buffer': 95, 'write-buffer': 95, codecs: 95 };
// Judged where the whole suite runs, as each package's `test` script does it: one file alone would always fall short.
const isWholeSuite = process.argv.slice(2).join(' ') === 'run --config ../../vitest.config.mjs --root .';
const branches = isWholeSuite ? branchThresholds[basename(process.cwd())] : undefined;

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: existsSync(globalSetup) ? [globalSetup] : [],
    reporters: [
      'default',
      ['json', { outputFile: '.results/tests.json' }],
      join(import.meta.dirname, 'packages/tooling/src/fail-on-skip.mjs'),
    ],
    coverage: {
      enabled: branches !== undefined,
      provider: 'v8',
      include: ['src/**'],
      reporter: ['text-summary'],
      reportsDirectory: '.results/coverage',
      thresholds: { branches },
    },
    // Collected garbage and heap sizes are measured by some tests.
    execArgv: ['--expose-gc'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
