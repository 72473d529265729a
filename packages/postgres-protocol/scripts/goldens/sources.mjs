// The package's own encoders, from its sources.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const packageDir = join(import.meta.dirname, '../..');
const FLOWS = ['startup', 'authentication', 'simple-query', 'extended-query', 'copy', 'function-call'];

/** @returns {Promise<Record<string, Function>>} all that `src/messages` exports for these flows, and a `WriteBuffer` */
export async function loadEncoders() {
  const root = createRequire(join(packageDir, '../../package.json'));
  const esbuild = createRequire(root.resolve('tsup'))('esbuild'); // the one that the packages are built with
  const lines = FLOWS.map((flow) => `export * from './src/messages/${flow}.js';`);
  const { outputFiles } = await esbuild.build({
    stdin: {
      contents: [...lines, "export { WriteBuffer } from '@millrace/write-buffer';"].join('\n'),
      resolveDir: packageDir,
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@millrace/source'],
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}
