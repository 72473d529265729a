// What each package weighs, minified and gzipped, per entry point, and how much it may.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './bootstrap.mjs';
import { gzippedBytes } from './bundle.mjs';
import { entryPoints } from './entry-points.mjs';
import { markdownTable } from './markdown-table.mjs';
import { publishedPackages } from './release.mjs';

/** Bytes that an entry point may weigh, with other @millrace packages left out. */
export const sizeLimits = {
  '@millrace/read-buffer': 5400, // 4096 is the aim: docs/adr/0016
  '@millrace/write-buffer': 4096,
  '@millrace/codecs': 9500, // 9216 is the aim: docs/status.md
  '@millrace/timeouts': 3750, // 3584 is the aim: docs/status.md
  '@millrace/sync': 4096,
  '@millrace/async-queue': 2750, // 2048 is the aim: docs/status.md // 2048 is the aim: docs/status.md
};

/**
 * @param {import('./release.mjs').WorkspacePackage} workspacePackage
 * @returns {Promise<{ gzip: Record<string, number>, bundled: number }>} bytes: `gzip` of each entry point with other
 * @millrace packages left out, `bundled` of the main one with them
 */
export async function measureSize({ dir, manifest }) {
  const entries = entryPoints(manifest);
  const gzip = {};
  for (const { specifier, target } of entries) {
    gzip[specifier] = await gzippedBytes(join(dir, target), ['@millrace/*', 'node:*']);
  }
  return { gzip, bundled: await gzippedBytes(join(dir, entries[0].target), ['node:*']) };
}

/** Of all published packages, by name. */
export async function measureSizes() {
  const sizes = {};
  for (const workspacePackage of publishedPackages())
    sizes[workspacePackage.name] = await measureSize(workspacePackage);
  return sizes;
}

const sizesFile = join(root, 'bench/sizes.json');
const readmeFile = join(root, 'README.md');
const TABLE = /(<!-- packages: .*-->\n)[\s\S]*?(<!-- \/packages -->)/;

export const recordedSizes = () => JSON.parse(readFileSync(sizesFile, 'utf8'));

export const kibibytes = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;

/** The README's table of packages, from the manifests and the given sizes. */
export function packageTable(sizes) {
  const rows = publishedPackages().map(({ name, version, manifest }) => {
    const folder = name.slice('@millrace/'.length);
    return [
      `[${folder}](packages/${folder})`,
      manifest.description,
      kibibytes(sizes[name].gzip[name]),
      version,
      'early',
    ];
  });
  return markdownTable([['package', 'what for', 'size', 'version', 'stability'], ...rows]);
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
