import type { Loop } from '@millrace/loop-policy';
import { Simulation, type SimConnection } from '@millrace/loop-sim';
import { sleep, type Op } from '@millrace/timeouts';
import { connect, type Connection } from '../../src/index.js';
import { LittleServer } from './little-server.js';

/** How a step of the conversation went. */
export interface Told {
  readonly step: string;
  readonly outcome: 'fulfilled' | 'rejected';
  readonly value: unknown;
}

export interface Run {
  readonly told: readonly Told[];
  /** What the stream handed out, also when it broke. */
  readonly streamed: readonly unknown[];
  readonly ledger: readonly number[];
  /** Bytes that each connection carried, in the order in which they were made. */
  readonly carried: readonly { readonly up: number; readonly down: number }[];
  readonly uncaught: readonly unknown[];
  /** Connections of the client that are left when all is over. */
  readonly openConnections: number;
}

/** Why the transaction is rolled back, and why the last query is aborted. */
export const changeOfMind: Error = new Error('changed my mind');

/** Connects, queries, pipelines, streams, commits, rolls back, times out, aborts and says good-bye. */
async function converse(
  simulation: Simulation,
  tell: (step: string, promise: Promise<unknown>) => Promise<void>,
  streamed: unknown[],
): Promise<void> {
  const loop = simulation.host('client').getLoop();
  let db: Connection | undefined;
  await tell(
    'connect',
    connect({ host: 'server', user: 'me', loop }).then((made) => void (db = made)),
  );
  if (db === undefined) return;
  const open = db;
  await tell('query', open.query('count $1', [3]));
  await tell('nap', open.query('nap'));
  await Promise.all([
    tell('first of a pipeline', open.queryValue('count $1', [1])),
    tell('mistake in a pipeline', open.query('cuont')),
    tell('last of a pipeline', open.query('count $1', [2])),
  ]);
  await tell('stream', collect(open.stream('count $1', [15]), streamed));
  await tell(
    'commit',
    open.transaction(async (tx) => (await tx.query('enter $1', [1]), tx.query('enter $1', [2]))),
  );
  await tell(
    'rollback',
    open.transaction(async (tx) => (await tx.query('enter $1', [3]), Promise.reject(changeOfMind))),
  );
  await tell(
    'commit after a mistake',
    open.transaction(async (tx) => (await tx.query('enter $1', [5]), tx.query('cuont').catch(() => 'never mind'))),
  );
  await tell('timeout', open.query('sleep', [], { timeoutMs: 50 }));
  await tell('after the timeout', open.query('count $1', [4]));
  await tell(
    'abort',
    abortedAfter(loop, 30, (op) => open.query('sleep', [], op)),
  );
  await tell('after the abort', open.query('count $1', [4]));
  await tell(
    'abort what is done',
    abortedAfter(loop, 1, (op) => open.query('count $1', [1], op)),
  );
  await tell('after the aborts', open.query('nap'));
  await tell('enter once', open.query('enter $1', [4]));
  await Promise.all([tell('last query', open.query('count $1', [2])), tell('close', open.close())]);
  open.terminate();
}

/** A query that is given up some time after it was sent. */
function abortedAfter(loop: Loop, afterMs: number, query: (op: Op) => Promise<unknown>): Promise<unknown> {
  const controller = new AbortController();
  loop.callLater(afterMs, () => {
    controller.abort(changeOfMind);
  });
  return query({ signal: controller.signal });
}

async function collect(rows: AsyncIterable<{ readonly n?: unknown }>, values: unknown[]): Promise<unknown[]> {
  for await (const { n } of rows) values.push(n);
  return values;
}

/** Told of each connection before its ends are. */
export type Disturbance = (connection: SimConnection, index: number, simulation: Simulation) => void;

/** Runs the conversation, with what `disturb` does to its connections. */
export async function run(seed: number, disturb: Disturbance = () => {}): Promise<Run> {
  const simulation = new Simulation({ seed });
  const told: Told[] = [];
  const streamed: unknown[] = [];
  const connections: SimConnection[] = [];
  simulation.onConnection((connection) => {
    disturb(connection, connections.push(connection) - 1, simulation);
  });
  const uncaught: unknown[] = [];
  const host = simulation.host('server').getLoop();
  const client = simulation.host('client').getLoop();
  for (const loop of [host, client]) loop.onUncaught((error) => uncaught.push(error));
  const server = new LittleServer(host);
  await simulation.run(
    async () => {
      await host.listen(() => server.accept(), 'tcp://0.0.0.0:5432');
      const tell = async (step: string, promise: Promise<unknown>): Promise<void> => {
        const [settled] = await Promise.allSettled([promise]);
        const value: unknown = settled.status === 'fulfilled' ? settled.value : settled.reason;
        told.push({ step, outcome: settled.status, value });
      };
      await converse(simulation, tell, streamed);
      await sleep(2000); // what is closed goes
    },
    { timeoutMs: 600_000 },
  );
  const { openConnections } = client.metrics();
  const carried = connections.map(({ deliveredBytes }) => deliveredBytes);
  return { told, streamed, ledger: server.ledger, carried, uncaught, openConnections };
}
