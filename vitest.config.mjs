// Shared by every package: `vitest run --config ../../vitest.config.mjs --root .`
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const conditions = ['@millrace/source', 'import', 'module', 'node', 'default'];
// A package that needs a server says so by having this file.
const globalSetup = join(process.cwd(), 'test/global-setup.ts');

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
    // Collected garbage and heap sizes are measured by some tests.
    execArgv: ['--expose-gc'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
