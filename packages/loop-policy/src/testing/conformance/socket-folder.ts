/** Gives out paths for unix sockets. */
export interface SocketFolder {
  /** @returns A path that nobody uses, or why there is none. */
  next(): { readonly path: string } | { readonly reason: string };
  /** Removes the folder, if it was made here. */
  remove(): void;
}

/**
 * Opens a folder for sockets: the one that is given, else a temporary one where the platform is Node or alike.
 *
 * @param unixDir - An existing folder; sockets that cases leave there are the caller's to remove.
 */
export function openSocketFolder(unixDir: string | undefined): SocketFolder {
  let made: string | undefined;
  let isRemoved = false;
  let count = 0;
  // Absent in browsers and on other platforms.
  const host = (globalThis as { process?: typeof process }).process;
  const folder = (): string | undefined => {
    if (unixDir !== undefined || made !== undefined) return unixDir ?? made;
    if (isRemoved || host?.getBuiltinModule === undefined || host.platform === 'win32') return undefined;
    const [fs, os, path] = [builtin(host, 'node:fs'), builtin(host, 'node:os'), builtin(host, 'node:path')];
    made = fs.mkdtempSync(path.join(os.tmpdir(), 'millrace-'));
    return made;
  };
  return {
    next: () => {
      const dir = folder();
      if (dir === undefined) return { reason: 'no folder for sockets: give `unixDir`' };
      return { path: `${dir}/${host?.pid ?? 0}-${++count}.sock` };
    },
    remove: () => {
      if (made !== undefined && host !== undefined) builtin(host, 'node:fs').rmSync(made, { recursive: true });
      made = undefined;
      isRemoved = true; // a case that is still on must not make it again
    },
  };
}

interface Builtins {
  'node:fs': typeof import('node:fs');
  'node:os': typeof import('node:os');
  'node:path': typeof import('node:path');
}

function builtin<K extends keyof Builtins>(host: typeof process, name: K): Builtins[K] {
  return host.getBuiltinModule(name);
}
