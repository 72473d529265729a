// Makes a fresh clone ready to work, with nothing but Node and npm: the pinned pnpm, then the locked dependencies.
// Uses only what comes with Node: it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const bin = join(root, 'node_modules/.bin');
const stamp = join(root, 'node_modules/.millrace-installed');
const windows = process.platform === 'win32';

/** What children get: the workspace's own commands first (turbo looks for pnpm there), nobody's telemetry. */
export const environment = () => {
  const env = {
    ...process.env,
    PATH: `${bin}${windows ? ';' : ':'}${process.env.PATH ?? ''}`,
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
    COREPACK_ENABLE_STRICT: '0',
    npm_config_update_notifier: 'false',
  };
  delete env.npm_config_yes; // `npm start` hands its own configuration down; `--yes` below must win
  return env;
};

/** Installs what the lock file names, unless that is what is there. Prints what it does; throws what is wrong. */
export async function bootstrap() {
  checkNode();
  const wanted = fingerprint();
  if (existsSync(join(bin, windows ? 'turbo.cmd' : 'turbo')) && readIfThere(stamp) === wanted) return;
  const pin = manifest('.').packageManager.split('+')[0];
  const pnpm = findPnpm(pin);
  console.log(`Installing dependencies with ${pin} (the first time needs the npm registry) ...`);
  const code = await run(pnpm[0], [
    ...pnpm.slice(1),
    'install',
    '--frozen-lockfile',
    '--prefer-offline',
    '--reporter=append-only',
  ]);
  if (code !== 0) {
    throw new Error(
      `installing the dependencies failed (${pnpm.join(' ')} exited with ${String(code)}, see above): the first run must reach the npm registry that your npm is configured for`,
    );
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

function checkNode() {
  const range = manifest('.').engines.node; // `>=20.19`
  const [major = 0, minor = 0] = range.replace('>=', '').split('.').map(Number);
  const [actualMajor = 0, actualMinor = 0] = process.versions.node.split('.').map(Number);
  if (actualMajor < major || (actualMajor === major && actualMinor < minor)) {
    throw new Error(`Millrace needs Node ${range}, this is ${process.version}`);
  }
}

/** A pnpm of exactly the pinned version from the PATH, else the one that npx brings. */
function findPnpm(pin) {
  const version = pin.slice(pin.indexOf('@') + 1);
  const found = spawnSync('pnpm', ['--version'], {
    cwd: root,
    encoding: 'utf8',
    shell: windows,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...environment(), npm_config_manage_package_manager_versions: 'false' },
  });
  if (found.status === 0 && found.stdout.trim() === version) return ['pnpm'];
  return ['npx', '--yes', '--prefer-offline', '--loglevel=error', pin];
}

/** Changes whenever an install would. */
function fingerprint() {
  const hash = createHash('sha256');
  const folders = ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => `${group}/${name}`),
  );
  for (const folder of ['.', 'bench', ...folders.sort()])
    hash.update(readIfThere(join(root, folder, 'package.json')) ?? '');
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readIfThere(join(root, file)) ?? '');
  return hash.update(process.platform + process.arch).digest('hex');
}

const manifest = (folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
const readIfThere = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);

/**
 * Runs a command to its end with this process's terminal.
 * @returns {Promise<number>} its exit code, or 128 + the signal's number
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env: environment(), stdio: 'inherit', shell: windows, ...options });
    options.onChild?.(child);
    child.once('error', (cause) => {
      reject(new Error(`cannot run ${command}: ${cause.message}`, { cause }));
    });
    child.once('exit', (code, signal) => {
      resolve(code ?? 128 + ({ SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 0));
    });
  });
}
