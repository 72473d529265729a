// One build for every published package: each source file that `exports` names becomes an entry, as ESM with types.
import { readFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));

/** Conditions may nest: `{ "millrace-debug": { "@millrace/source": "./src/debug.ts", ... }, ... }`. */
const sources = (target, condition) =>
  typeof target === 'string'
    ? condition === '@millrace/source'
      ? [target]
      : []
    : Object.entries(target).flatMap(([name, value]) => sources(value, name));

export default defineConfig({
  entry: [...new Set(Object.values(exports).flatMap((target) => sources(target)))],
  format: 'esm',
  target: 'node20',
  platform: 'neutral',
  external: [/^node:/, /^@millrace\//],
  splitting: true, // `.` and `./testing` must share their classes
  clean: true,
  // Types come from the built neighbours, not from their sources: `customConditions` is for editors and tests.
  dts: {
    compilerOptions: {
      ignoreDeprecations: '6.0',
      customConditions: [],
      noEmit: false,
      isolatedDeclarations: false,
      stripInternal: true,
    },
  },
});
