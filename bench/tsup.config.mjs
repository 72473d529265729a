import { defineConfig } from 'tsup';

// One file for each source, so that the servers of the echo can be started by their path.
export default defineConfig({ entry: ['src/**/*.ts'], format: 'esm', target: 'node20', clean: true, bundle: false });
