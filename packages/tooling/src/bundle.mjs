// What the bundler is asked, the one that tsup builds with.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from './bootstrap.mjs';

const esbuild = createRequire(createRequire(join(root, 'package.json')).resolve('tsup'))('esbuild');

const shared = { bundle: true, target: 'es2023', write: false, logLevel: 'silent' }; // errors are thrown

/**
 * @param {string} entry a built file
 * @param {readonly string[]} external what to leave out
 * @returns {Promise<number>} bytes of the bundle, minified and gzipped
 */
export async function gzippedBytes(entry, external) {
  const options = { ...shared, entryPoints: [entry], minify: true, format: 'esm', external };
  const { outputFiles } = await esbuild.build(options);
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

/**
 * Bundles a built file with everything that it needs, as an application's bundler would for a browser.
 *
 * @returns {Promise<{ imports: string[], code: string }>} `imports`: what could not go into the bundle; `code`: a script
 * that declares `bundle`
 */
export async function bundleForBrowser(entry) {
  const { outputFiles, metafile } = await esbuild.build({
    ...shared,
    entryPoints: [entry],
    platform: 'browser',
    format: 'iife',
    globalName: 'bundle',
    external: ['node:*'], // or the build would fail without saying who imports it
    metafile: true,
  });
  const imports = Object.values(metafile.inputs).flatMap((input) =>
    input.imports.filter(({ external }) => external === true).map(({ path }) => path),
  );
  return { imports: [...new Set(imports)], code: outputFiles[0].text };
}

/** Bundles a source file with everything that it imports into a module that every supported Node runs. */
export async function bundleSource(entry, outfile) {
  await esbuild.build({
    ...shared,
    write: true,
    entryPoints: [entry],
    outfile,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@millrace/source'],
    sourcemap: 'inline',
  });
}

/** TypeScript as a module that every supported Node runs. */
export async function withoutTypes(code) {
  return (await esbuild.transform(code, { loader: 'ts', format: 'esm', target: 'node20' })).code;
}
