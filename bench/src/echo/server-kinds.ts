import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildGoServer, buildLibuvServer, buildLoad, sourcePath } from './native-build.js';

/** One way to write an echo server. */
export interface ServerKind {
  readonly name: string;
  /** The command that runs it; it gets `tcp` or `unix:<path>` as its first argument after these. */
  readonly command: readonly string[];
  /** What follows the address. */
  readonly options?: readonly string[];
}

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/millrace-runtimes/', import.meta.url));
const script = (name: string): string => fileURLToPath(new URL(`./servers/${name}.js`, import.meta.url));
const nodeServer = (name: string, file: string): ServerKind => ({ name, command: [process.execPath, script(file)] });

/** What everybody is compared with. */
export const NET = nodeServer('node:net', 'net-server');
export const LOOP = nodeServer('millrace loop', 'loop-server');
export const STREAMS = nodeServer('millrace streams', 'streams-server');
export const PIPE = nodeServer('node:net pipe', 'net-pipe-server');

/** Kinds of Node, without which there is no benchmark. */
export const OWN: readonly ServerKind[] = [NET, LOOP, STREAMS];

/** Makes a peer ready to start, or rejects where it is not installed. */
type Find = () => Promise<Omit<ServerKind, 'name'>>;

const PEERS: Readonly<Record<string, Find>> = {
  'Bun.listen': async () => ({ command: [await findBun(), sourcePath('peers/echo-bun.mjs')] }),
  uvloop: async () => asyncio('uvloop'),
  asyncio: async () => asyncio('asyncio'),
  Twisted: async () => ({ command: [await findPython('twisted'), sourcePath('peers/echo_twisted.py')] }),
  Go: async () => ({ command: [await buildGoServer()] }),
  'C libuv': async () => ({ command: [await buildLibuvServer()] }),
  'C epoll': async () => ({ command: [await buildLoad(), 'serve'] }),
};

let found: Promise<{ peers: readonly ServerKind[]; missing: readonly string[] }> | undefined;

/** Which servers in other runtimes and languages this machine has, and what it lacks. */
export function findPeers(): Promise<{ peers: readonly ServerKind[]; missing: readonly string[] }> {
  return (found ??= lookForPeers());
}

async function lookForPeers(): Promise<{ peers: readonly ServerKind[]; missing: readonly string[] }> {
  const peers: ServerKind[] = [];
  const missing: string[] = [];
  for (const [name, find] of Object.entries(PEERS)) {
    try {
      peers.push({ name, ...(await find()) });
    } catch {
      missing.push(name);
    }
  }
  return { peers, missing };
}

async function asyncio(loop: string): Promise<Omit<ServerKind, 'name'>> {
  return { command: [await findPython(loop), sourcePath('peers/echo_asyncio.py')], options: [loop] };
}

/** A Python that has a module: the one beside the other runtimes, the shell's, or the system's. */
async function findPython(module: string): Promise<string> {
  for (const python of [`${CACHE}python/bin/python`, 'python3', '/usr/bin/python3']) {
    try {
      await run(python, ['-c', `import ${module}`]);
      return python;
    } catch {
      continue;
    }
  }
  throw new Error(`expected a Python with ${module}`);
}

async function findBun(): Promise<string> {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const cached = `${CACHE}bun/node_modules/@oven/bun-${os}-${process.arch}/bin/bun`;
  try {
    await access(cached);
    return cached;
  } catch {
    await run('bun', ['--version']);
    return 'bun';
  }
}
