import { fileURLToPath } from 'node:url';
import type { Benchmark, Contender, Target } from '../kit/contender.js';
import { pinned } from './cores.js';
import { driven, openAll, startServer } from './echo-contender.js';
import { LineProcess } from './line-process.js';
import { buildLoad } from './native-build.js';
import { openDescriptors, residentBytes } from './process-stats.js';
import { LOOP, NET, STREAMS, type ServerKind } from './server-kinds.js';

const MESSAGE_BYTES = 64;
const PARALLEL = 50;
/** Ten rounds of it are 100,000 cycles, after a warm-up of as many as a round. */
const CYCLES = 10_000;
const ROUNDS = 10;
/** What the garbage collector may keep for itself, 168 bytes a cycle: `node:net` alone grows by up to 14 MiB. */
const MAX_GROWTH_KIB = 16_384;

/** Counts what a process has gathered since the rounds began. */
function growth({ pid }: LineProcess): Required<Pick<Contender, 'begin' | 'counters'>> {
  let bytes = 0;
  let descriptors = 0;
  return {
    begin: () => {
      bytes = residentBytes(pid);
      descriptors = openDescriptors(pid);
    },
    counters: () => ({
      'KiB grown': (residentBytes(pid) - bytes) / 1024,
      'descriptors left': openDescriptors(pid) - descriptors,
    }),
  };
}

async function accepting(kind: ServerKind): Promise<Contender> {
  const program = await buildLoad();
  const server = await startServer(kind, 'tcp');
  const args = ['cycle', server.target, String(MESSAGE_BYTES), String(PARALLEL)];
  const load = await LineProcess.start(pinned('load', [program, ...args]));
  await load.next();
  return {
    ...driven(kind.name, server.process, load),
    ...growth(server.process),
    close: () => load.close().finally(() => server.close()),
  };
}

async function connecting(name: string, kind: 'net' | 'loop'): Promise<Contender> {
  const program = await buildLoad();
  const server = await LineProcess.start(pinned('load', [program, 'serve', 'tcp']));
  const port = (await server.next()).split(' ')[1] ?? '';
  const script = fileURLToPath(new URL('./clients/cycle-client.js', import.meta.url));
  const client = await LineProcess.start(pinned('measured', [process.execPath, script, kind, port]));
  await client.next();
  return {
    ...driven(name, client, client),
    ...growth(client),
    close: () => client.close().finally(() => server.close()),
  };
}

const common = {
  operation: 'cycle',
  count: CYCLES,
  sampleMs: 0,
  rounds: ROUNDS,
  splitsCpu: true,
} as const;

const flat = ({ name }: { readonly name: string }): readonly Target[] => [
  { contender: name, counter: 'KiB grown', atMost: MAX_GROWTH_KIB },
  { contender: name, counter: 'descriptors left', atMost: 0 },
];

/** Connections that come and go: what a process keeps of them, and what they cost. */
export const cycles: readonly Benchmark[] = [
  {
    ...common,
    name: 'echo/connect-close/accepted',
    title: `connections that are accepted, echo ${MESSAGE_BYTES}B, and are closed, ${PARALLEL} at a time (server)`,
    targets: flat(LOOP),
    open: async () => openAll([accepting(NET), accepting(LOOP), accepting(STREAMS)]),
  },
  {
    ...common,
    name: 'echo/connect-close/connecting',
    title: `connections that are made, echo ${MESSAGE_BYTES}B, and are closed, ${PARALLEL} at a time (client)`,
    targets: flat(LOOP),
    open: async () => openAll([connecting(NET.name, 'net'), connecting(LOOP.name, 'loop')]),
  },
];
