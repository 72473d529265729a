import type { Benchmark } from '../kit/contender.js';
import { echoContender, openAll, type Cell } from './echo-contender.js';
import { findPeers, LOOP, NET, OWN, PIPE, type ServerKind } from './server-kinds.js';

const SIZES = [64, 1024, 10_240, 102_400];
const CONNECTIONS = [1, 10, 100, 1000];
const DEPTHS = [1, 16];
/** More than that on the way, and it is the memory of the kernel's sockets that is measured. */
const MAX_BYTES_ON_THE_WAY = 64 * 1024 * 1024;

/** The cell around which the short matrix varies one thing at a time. */
const CENTRE: Cell = { over: 'tcp', bytes: 1024, connections: 10, depth: 1 };

const cells: readonly Cell[] = (['tcp', 'unix'] as const)
  .flatMap((over) =>
    SIZES.flatMap((bytes) =>
      CONNECTIONS.flatMap((connections) => DEPTHS.map((depth): Cell => ({ over, bytes, connections, depth }))),
    ),
  )
  .filter((cell) => cell.bytes * cell.connections * cell.depth <= MAX_BYTES_ON_THE_WAY);

/**
 * Who may be at most how much above `node:net`. The rounds are long and many for the sake of user CPU, which systems count by
 * their ticks: 12,000 of them are a standard error of about 3 % in its ratio.
 */
export const targets: readonly Benchmark[] = [64, 1024, 102_400].map((bytes) => ({
  ...echo({ ...CENTRE, bytes }, () => Promise.resolve([NET, LOOP])),
  name: `echo/cpu/${sizeName(bytes)}`,
  sampleMs: 400,
  rounds: 120,
  targets: [
    { contender: LOOP.name, of: 'cpu', atMostTimes: 1.05 },
    { contender: LOOP.name, of: 'user', atMostTimes: 1.1 },
  ],
}));

/** Everybody, over messages, connections, depths and kinds of sockets. */
export const matrix: readonly Benchmark[] = cells.map((cell) => ({
  ...echo(cell, async () => [...OWN, PIPE, ...(await findPeers()).peers]),
  sampleMs: 40,
  rounds: 5,
  isExtra: differences(cell) > 1,
}));

function echo(cell: Cell, kinds: () => Promise<readonly ServerKind[]>): Benchmark {
  const { over, bytes, connections, depth } = cell;
  return {
    name: `echo/${over}/${sizeName(bytes)}/${connections}-connections/depth-${depth}`,
    title: `echo of ${sizeName(bytes)} over ${connections} ${over} connections, ${depth} on the way on each`,
    operation: 'message',
    count: Math.max(bytes > 20_000 ? 500 : 4000, connections * depth),
    splitsCpu: true,
    open: async () => openAll((await kinds()).map((kind) => echoContender(kind, cell))),
  };
}

/** In how many ways a cell differs from the centre. */
function differences(cell: Cell): number {
  const others = [cell.over, cell.connections, cell.depth, cell.bytes].filter(
    (value, i) => value !== [CENTRE.over, CENTRE.connections, CENTRE.depth, CENTRE.bytes][i],
  );
  return others.length;
}

function sizeName(bytes: number): string {
  return bytes < 1024 ? `${bytes}B` : `${bytes / 1024}KiB`;
}
