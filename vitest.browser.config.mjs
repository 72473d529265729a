// The suites of the pure packages in a browser: `pnpm test:browser`, which finds the browser (CHROMIUM) and calls this.
// What needs Node is in `*.node.test.ts`, what needs a socket in `*.integration.test.ts`.
import { join } from 'node:path';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { layers } from './layers.mjs';

const quiet = ['--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update'];
const projects = Object.entries(layers)
  .filter(([, layer]) => layer.pure === true)
  .map(([name]) => ({
    extends: true,
    root: join(import.meta.dirname, 'packages', name),
    test: { name },
  }));

export default defineConfig({
  resolve: { conditions: ['@millrace/source', 'import', 'module', 'browser', 'default'] },
  optimizeDeps: { noDiscovery: true }, // all modules are ESM; a dependency found late would reload the page
  test: {
    projects,
    include: ['test/**/*.test.ts'],
    exclude: ['**/*.node.test.ts', '**/*.integration.test.ts'],
    reporters: [
      'default',
      ['json', { outputFile: 'packages/tooling/.results/browser.json' }],
      join(import.meta.dirname, 'packages/tooling/src/fail-on-skip.mjs'),
    ],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath: process.env.CHROMIUM,
          chromiumSandbox: false, // it refuses to run as root, as containers do
          args: [...quiet, '--no-first-run', '--disable-sync', '--disable-dev-shm-usage'],
        },
      }),
      instances: [{ browser: 'chromium' }],
    },
    testTimeout: 60_000,
  },
});
