// What each package weighs: its main entry, minified and gzipped, with other @millrace packages left out.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from './bootstrap.mjs';
import { publishedPackages } from './release.mjs';

// The bundler that tsup builds with.
const esbuild = createRequire(createRequire(join(root, 'package.json')).resolve('tsup'))('esbuild');

/** @returns {Promise<Record<string, number>>} bytes by package name, and by entry for sub-paths */
export async function measureSizes() {
  const sizes = {};
  for (const { name, dir } of publishedPackages()) {
    const { outputFiles } = await esbuild.build({
      entryPoints: [join(dir, 'dist/index.js')],
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2023',
      external: ['@millrace/*', 'node:*'],
      write: false,
    });
    sizes[name] = gzipSync(outputFiles[0].contents, { level: 9 }).length;
  }
  return sizes;
}

const sizesFile = join(root, 'bench/sizes.json');
const readmeFile = join(root, 'README.md');
const TABLE = /(<!-- packages: .*-->\n)[\s\S]*?(<!-- \/packages -->)/;

export const recordedSizes = () => JSON.parse(readFileSync(sizesFile, 'utf8'));

/** The README's table of packages, from the manifests and the given sizes. */
export function packageTable(sizes) {
  const rows = publishedPackages().map(({ name, version, manifest }) => {
    const folder = name.slice('@millrace/'.length);
    return `| [${folder}](packages/${folder}) | ${manifest.description} | ${(sizes[name] / 1024).toFixed(1)} KiB | ${version} | early |`;
  });
  return ['| package | what for | size | version | stability |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

export function readmeTable() {
  return TABLE.exec(readFileSync(readmeFile, 'utf8'))?.[0];
}

export function writeSizes(sizes) {
  writeFileSync(sizesFile, `${JSON.stringify(sizes, null, 2)}\n`);
  const readme = readFileSync(readmeFile, 'utf8');
  writeFileSync(
    readmeFile,
    readme.replace(TABLE, (_all, open, close) => `${open}\n${packageTable(sizes)}\n\n${close}`),
  );
}
