// What a release would do, in a copy of the workspace: version, changelogs, tarballs.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { environment, root } from './bootstrap.mjs';

/** Runs a command of the workspace; its output appears only in the error, where it failed. */
function command(cwd, name, ...args) {
  try {
    return execFileSync(name, args, { cwd, env: environment(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Error(`${name} ${args.join(' ')} failed:\n${error.stdout ?? ''}${error.stderr ?? ''}`, { cause: error });
  }
}

export const readManifest = (dir) => JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));

/** The packages that are published, in the order of their folders: `{ name, version, dir, manifest }`. */
export function publishedPackages(workspace = root) {
  return readdirSync(join(workspace, 'packages'))
    .map((folder) => join(workspace, 'packages', folder))
    .filter((dir) => existsSync(join(dir, 'package.json')))
    .map((dir) => ({ dir, manifest: readManifest(dir) }))
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ dir, manifest }) => ({ name: manifest.name, version: manifest.version, dir, manifest }));
}

/** A folder that is removed with the process at the latest, also when that is killed: a shell waits for its end. */
export function temporaryFolder(purpose) {
  const dir = mkdtempSync(join(tmpdir(), `millrace-${purpose}-`));
  const script = `trap '' INT TERM HUP; cat >/dev/null; rm -rf "$1"`;
  const guard = spawn('/bin/sh', ['-c', script, 'guard', dir], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  guard.stdin.unref();
  return {
    dir,
    remove: () => {
      rmSync(dir, { recursive: true, force: true });
      guard.stdin.end();
    },
  };
}

/**
 * Copies what git would see of the workspace, and what was built, into `target`, as a repository of its own.
 * Dependencies stay where they are: links lead to them.
 */
export function copyWorkspace(target) {
  const files = command(root, 'git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard').split('\0');
  for (const file of files) {
    if (file === '' || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(target, file)), { recursive: true });
    cpSync(join(root, file), join(target, file));
  }
  for (const { dir, manifest } of publishedPackages()) {
    const copy = join(target, 'packages', dir.slice(dir.lastIndexOf('/') + 1));
    if (!existsSync(join(dir, 'dist'))) throw new Error(`${manifest.name} is not built: run the build first`);
    cpSync(join(dir, 'dist'), join(copy, 'dist'), { recursive: true });
    linkNeighbours(copy, { ...manifest.dependencies, ...manifest.devDependencies });
  }
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'), 'dir');
  // Changesets asks git which commit added each changeset.
  command(target, 'git', 'init', '-q');
  command(target, 'git', 'add', '-A');
  command(target, 'git', '-c', 'user.name=release', '-c', 'user.email=release@localhost', 'commit', '-qm', 'copy');
}

/** pnpm resolves `workspace:` versions through node_modules. */
function linkNeighbours(packageDir, dependencies) {
  const scope = join(packageDir, 'node_modules/@millrace');
  mkdirSync(scope, { recursive: true });
  for (const name of Object.keys(dependencies)) {
    if (!name.startsWith('@millrace/')) continue;
    const folder = name.slice('@millrace/'.length);
    symlinkSync(join(packageDir, '..', folder), join(scope, folder), 'dir');
  }
}

/** Applies the pending changesets: versions and changelogs. */
export function versionPackages(workspace) {
  command(workspace, 'changeset', 'version');
}

/** Packs every published package into `target`; `{ name, version, tarball }` each. */
export function packPackages(workspace, target) {
  mkdirSync(target, { recursive: true });
  return publishedPackages(workspace).map(({ name, version, dir }) => {
    const out = command(dir, 'pnpm', 'pack', '--pack-destination', target, '--json');
    const { filename } = JSON.parse(out);
    return { name, version, tarball: filename.startsWith('/') ? filename : join(target, filename) };
  });
}

/**
 * What speaks against releasing a versioned workspace, in words.
 *
 * @param {Map<string, string>} before the versions by name, before the changesets were applied
 */
export function releaseProblems(workspace, before) {
  const problems = [];
  for (const { name, version, dir, manifest } of publishedPackages(workspace)) {
    if (!version.startsWith('0.')) {
      problems.push(`${name} would leave 0.x: ${version}; docs/versioning.md says when that may happen`);
    }
    const changelog = join(dir, 'CHANGELOG.md');
    const isWritten = existsSync(changelog) && readFileSync(changelog, 'utf8').includes(`## ${version}`);
    if (version !== before.get(name) && !isWritten) problems.push(`${name} ${version} has no changelog entry`);
    for (const [peer, range] of Object.entries(manifest.peerDependencies ?? {})) {
      if (/^>=0\.\d+\.\d+ <1\.0\.0$/.test(range)) continue;
      problems.push(`${name} must ask for ${peer} as ">=0.x.y <1.0.0", not "${range}"`);
    }
  }
  return problems;
}
