// The runtimes that the suites run on beside the Node at hand: fetched from npm when they are asked for, kept in a
// folder that git ignores. One folder each: npm would remove from a shared one what it was not told about.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environment, root, run } from './bootstrap.mjs';

const cache = join(root, 'node_modules/.cache/millrace-runtimes');

const bunArch = { x64: 'x64', arm64: 'aarch64' };
const node = (version) => ({
  title: 'Node',
  version,
  packageFor: (os, arch) => `node-${os}-${arch}`,
  binary: 'bin/node',
  args: [],
});

/** By the name that `pnpm test:runtimes` knows. `packageFor` names npm's package with the binary of one platform. */
export const runtimes = {
  node22: node('22.23.3'),
  node24: node('24.21.0'),
  node26: node('26.10.0'),
  bun: {
    title: 'Bun',
    version: '1.4.5',
    packageFor: (os, arch) => `@oven/bun-${os}-${bunArch[arch]}`,
    binary: 'bin/bun',
    args: [],
  },
  deno: {
    title: 'Deno',
    version: '2.9.6',
    packageFor: (os, arch) => `@deno/${os}-${arch}${os === 'linux' ? '-glibc' : ''}`,
    binary: 'deno',
    args: ['run', '--allow-all', '--no-lock'],
  },
};

export const runtimeTitle = ({ title, version }) => `${title} ${version}`;

/** What these runtimes need to know of the host. */
export const thisHost = () => ({
  os: process.platform,
  arch: process.arch,
  isGlibc: process.platform !== 'linux' || process.report.getReport().header.glibcVersionRuntime !== undefined,
});

/**
 * @param {typeof runtimes.bun} runtime
 * @param {{ os: string, arch: string, isGlibc: boolean }} [host]
 * @returns {string} the npm package with the runtime's binary for that host
 * @throws {Error} where npm has none
 */
export function runtimePackage(runtime, host = thisHost()) {
  const isKnown = ['linux', 'darwin'].includes(host.os) && ['x64', 'arm64'].includes(host.arch) && host.isGlibc;
  if (isKnown) return runtime.packageFor(host.os, host.arch);
  const seen = `${host.os} on ${host.arch}${host.isGlibc ? '' : ' without glibc'}`;
  throw new Error(
    `cannot fetch ${runtimeTitle(runtime)}: expected linux with glibc or darwin, on x64 or arm64, this is ${seen}`,
  );
}

/**
 * Sees to it that a runtime is there, of exactly the pinned version.
 *
 * @returns {Promise<string>} path of its binary
 * @throws {Error} where the platform has none, or the npm registry could not be reached
 */
export async function fetchRuntime(name) {
  const runtime = runtimes[name];
  const packageName = runtimePackage(runtime);
  const folder = join(cache, name);
  const binary = join(folder, 'node_modules', packageName, runtime.binary);
  if (versionOf(binary) === runtime.version) return binary;
  console.log(`Fetching ${runtimeTitle(runtime)} from npm (${packageName}@${runtime.version}) ...`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n'); // or npm would install into a folder above
  const code = await run(
    'npm',
    ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'].concat(
      `${packageName}@${runtime.version}`,
    ),
    { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const found = versionOf(binary);
  if (code === 0 && found === runtime.version) return binary;
  throw new Error(
    `cannot fetch ${runtimeTitle(runtime)}: npm install of ${packageName}@${runtime.version} exited with ${String(code)}, ` +
      `and ${binary} is ${found === undefined ? 'not there' : `version ${found}`}`,
  );
}

/** `v22.23.3`, `1.4.5` or `deno 2.9.6 (stable, ...)`, without what is around the number. */
function versionOf(binary) {
  if (!existsSync(binary)) return undefined;
  const { stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8', env: runtimeEnvironment() });
  return /\d+\.\d+\.\d+/.exec(stdout ?? '')?.[0];
}

/** What a runtime's processes get: their own caches stay inside of the clone. */
export const runtimeEnvironment = () => ({
  ...environment(),
  BUN_INSTALL_CACHE_DIR: join(cache, 'bun/cache'),
  BUN_RUNTIME_TRANSPILER_CACHE_PATH: '0',
  DENO_DIR: join(cache, 'deno/cache'),
  DENO_NO_UPDATE_CHECK: '1',
});
