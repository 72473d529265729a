import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Benchmark, Contender } from '../kit/contender.js';
import { pinned } from './cores.js';
import { driven, openAll, startLoad, startServer } from './echo-contender.js';
import { LineProcess } from './line-process.js';
import { peakResidentBytes, residentBytes } from './process-stats.js';
import { findPeers, LOOP, NET, STREAMS, type ServerKind } from './server-kinds.js';

const WANTED = 10_000;
/** Descriptors that a process has open besides. */
const OTHERS = 200;
const MESSAGE_BYTES = 64;

/** As many connections as the limit of descriptors allows, which Node raises for itself and its children. */
function heldConnections(): number {
  if (process.platform === 'win32') return WANTED;
  const limit = Number(execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }));
  return Number.isNaN(limit) ? WANTED : Math.min(WANTED, limit - OTHERS); // "unlimited" is no number
}

const CONNECTIONS = heldConnections();
const TOO_FEW = CONNECTIONS < WANTED ? `, all that the limit of descriptors allows` : '';

/** A server that holds all the connections; `load` connects them. */
async function holding(
  kind: ServerKind,
  load: (target: string) => Promise<LineProcess>,
  measures: 'server' | 'both' = 'server',
): Promise<Contender> {
  const server = await startServer(kind, 'tcp');
  try {
    const before = residentBytes(server.process.pid);
    const client = await load(server.target);
    const perConnection = (bytes: number): number => Math.round(bytes / CONNECTIONS);
    return {
      ...driven(measures === 'both' ? `${kind.name}, both ends` : kind.name, server.process, client),
      counters: () => ({
        'B of memory per connection': perConnection(residentBytes(server.process.pid) - before),
        'B at the peak': perConnection(peakResidentBytes(server.process.pid) - before),
        ...(measures === 'both' ? { 'B in the client, all of it': perConnection(residentBytes(client.pid)) } : {}),
      }),
      close: () => client.close().finally(() => server.close()),
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

const loadInC = (target: string): Promise<LineProcess> =>
  startLoad(target, { bytes: MESSAGE_BYTES, connections: CONNECTIONS, depth: 1 });

async function loadOnLoop(target: string): Promise<LineProcess> {
  const script = fileURLToPath(new URL('./clients/loop-load.js', import.meta.url));
  const args = ['echo', target, String(MESSAGE_BYTES), String(CONNECTIONS)];
  const load = await LineProcess.start(pinned('load', [process.execPath, script, ...args]));
  await load.next();
  return load;
}

/** Very many connections at once; one that is lost, or that gets a wrong byte back, fails the benchmark. */
export const held: Benchmark = {
  name: 'echo/c10k',
  title: `echo of ${MESSAGE_BYTES}B over ${CONNECTIONS} connections that are held${TOO_FEW}`,
  operation: 'message',
  count: CONNECTIONS,
  batch: CONNECTIONS,
  sampleMs: 100,
  rounds: 5,
  splitsCpu: true,
  open: async () => {
    const { peers } = await findPeers();
    const kinds = [NET, LOOP, STREAMS, ...peers];
    return openAll([...kinds.map((kind) => holding(kind, loadInC)), holding(LOOP, loadOnLoop, 'both')]);
  },
};
