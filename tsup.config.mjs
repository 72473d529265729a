// One build for every published package: each source file that `exports` names becomes an entry, as ESM with types.
import { readFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const entry = Object.values(exports)
  .map((target) => target['@millrace/source'])
  .filter((source) => source !== undefined);

export default defineConfig({
  entry,
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
