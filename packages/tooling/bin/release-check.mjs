// `pnpm release:check`: a dry run of a release. Nothing in the workspace changes.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import {
  copyWorkspace,
  packPackages,
  publishedPackages,
  releaseProblems,
  temporaryFolder,
  versionPackages,
} from '../src/release.mjs';

const { dir } = temporaryFolder('release');
copyWorkspace(dir);
const before = new Map(publishedPackages(dir).map(({ name, version }) => [name, version]));
versionPackages(dir);

const problems = releaseProblems(dir, before);
const tarballs = packPackages(dir, join(dir, 'tarballs'));
for (const { name, version, tarball } of tarballs) {
  const kib = (statSync(tarball).size / 1024).toFixed(1);
  console.log(
    `${name.padEnd(30)} ${String(before.get(name)).padEnd(8)} -> ${version.padEnd(8)} ${kib.padStart(8)} KiB packed`,
  );
}
for (const problem of problems) console.error(`problem: ${problem}`);
console.log(problems.length === 0 ? `${String(tarballs.length)} packages are ready to publish` : 'not ready');
process.exit(problems.length === 0 ? 0 : 1);
