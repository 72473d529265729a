// A package's suite on another runtime (`pnpm test:runtimes`): what `vitest.config.mjs` says, without its coverage, and
// without what only Node can measure where this is not Node.
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import base from '../../../vitest.config.mjs';

const isNode = process.versions.bun === undefined && process.versions.deno === undefined;

export default defineConfig({
  ...base,
  test: {
    ...base.test,
    exclude: isNode ? [] : ['**/*.node.test.ts'],
    pool: 'forks', // threads do not end on Deno
    execArgv: isNode ? base.test.execArgv : [],
    setupFiles: [join(import.meta.dirname, 'expect-runtime.mjs')],
    reporters: [
      'dot',
      ['json', { outputFile: process.env.MILLRACE_REPORT }],
      join(import.meta.dirname, 'fail-on-skip.mjs'),
    ],
  },
});
