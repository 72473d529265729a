import { mkdtemp, rmdir, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Contender, CpuUsage } from '../kit/contender.js';
import { pinned } from './cores.js';
import { LineProcess } from './line-process.js';
import { buildLoad } from './native-build.js';
import type { ServerKind } from './server-kinds.js';

/** How an echo server is loaded. */
export interface Cell {
  readonly over: 'tcp' | 'unix';
  /** Size of a message. */
  readonly bytes: number;
  readonly connections: number;
  /** Messages on their way on each connection. */
  readonly depth: number;
}

/** A server that runs, and where. */
export interface RunningServer {
  readonly process: LineProcess;
  /** `tcp:<port>` or `unix:<path>`, for the load. */
  readonly target: string;
  close(): Promise<void>;
}

/** Starts a server on its core. */
export async function startServer({ command, options = [] }: ServerKind, over: 'tcp' | 'unix'): Promise<RunningServer> {
  const folder = over === 'unix' ? await mkdtemp(join(tmpdir(), 'millrace-echo-')) : undefined;
  const removeFolder = async (): Promise<void> => {
    if (folder === undefined) return;
    await unlink(join(folder, 's')).catch(() => undefined); // some servers do it themselves
    await rmdir(folder);
  };
  const address = folder === undefined ? 'tcp' : `unix:${join(folder, 's')}`;
  const process = await LineProcess.start(pinned('measured', [...command, address, ...options]));
  try {
    const port = /^port (\d+)$/.exec(await process.next())?.[1] ?? '';
    const target = folder === undefined ? `tcp:${port}` : address;
    return { process, target, close: () => process.close().finally(removeFolder) };
  } catch (error) {
    await process.close().finally(removeFolder);
    throw error;
  }
}

/** Connects a load, on its core: the one in C, or the one in Node where that cannot be built. */
export async function startLoad(
  target: string,
  { bytes, connections, depth }: Omit<Cell, 'over'>,
): Promise<LineProcess> {
  const program = await loadCommand();
  const args = ['echo', target, String(bytes), String(connections), String(depth)];
  const load = await LineProcess.start(pinned('load', [...program, ...args]));
  try {
    await load.next();
    return load;
  } catch (error) {
    await load.close();
    throw error;
  }
}

/** Opens contenders at the same time; if one fails, the others' processes are ended, too. */
export async function openAll(opening: readonly Promise<Contender>[]): Promise<Contender[]> {
  const outcomes = await Promise.allSettled(opening);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  const opened = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  if (failed === undefined) return opened;
  for (const contender of opened) await contender.close?.();
  throw failed.reason;
}

/** The program that makes the load. */
export async function loadCommand(): Promise<readonly string[]> {
  try {
    return [await buildLoad()];
  } catch {
    return [process.execPath, fileURLToPath(new URL('./load-node.js', import.meta.url))];
  }
}

/** A server in a process of its own under a load that verifies every byte; the server's CPU is what counts. */
export async function echoContender(kind: ServerKind, cell: Cell): Promise<Contender> {
  const server = await startServer(kind, cell.over);
  try {
    const load = await startLoad(server.target, cell);
    return {
      ...driven(kind.name, server.process, load),
      close: () => load.close().finally(() => server.close()),
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** A contender of two processes: one whose CPU counts, and one that makes it work. */
export function driven(
  name: string,
  measured: LineProcess,
  driver: LineProcess,
): Pick<Contender, 'name' | 'check' | 'run' | 'cpuUsage'> {
  const run = async (count: number): Promise<void> => {
    await driver.ask(`run ${count}`);
  };
  return {
    name,
    check: async () => {
      await run(1000);
      return 'everything came back';
    },
    run,
    cpuUsage: () => usageOf(measured),
  };
}

async function usageOf(process: LineProcess): Promise<CpuUsage> {
  const [, user, system] = (await process.ask('cpu')).split(' ');
  return { user: Number(user), system: Number(system) };
}
