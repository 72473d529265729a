// `pnpm release:check`: a dry run of a release. Nothing in the workspace changes.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { copyWorkspace, packPackages, publishedPackages, temporaryFolder, versionPackages } from '../src/release.mjs';

const { dir } = temporaryFolder('release');
copyWorkspace(dir);
const before = new Map(publishedPackages(dir).map(({ name, version }) => [name, version]));
versionPackages(dir);

const problems = [];
const packages = publishedPackages(dir);
for (const { name, version, dir: folder, manifest } of packages) {
  if (!version.startsWith('0.'))
    problems.push(`${name} would leave 0.x: ${version}; docs/versioning.md says when that may happen`);
  const changelog = join(folder, 'CHANGELOG.md');
  if (
    version !== before.get(name) &&
    !(existsSync(changelog) && readFileSync(changelog, 'utf8').includes(`## ${version}`))
  ) {
    problems.push(`${name} ${version} has no changelog entry`);
  }
  for (const [peer, range] of Object.entries(manifest.peerDependencies ?? {})) {
    if (!/^>=0\.\d+\.\d+ <1\.0\.0$/.test(range))
      problems.push(`${name} must ask for ${peer} as ">=0.x.y <1.0.0", not "${range}"`);
  }
}
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
