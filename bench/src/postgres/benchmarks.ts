import { startServer } from '@millrace/pgserver';
import { connect } from '@millrace/postgres';
import pg from 'pg';
import postgres from 'postgres';
import type { Benchmark, Contender } from '../kit/contender.js';

/** One query, run by each client on one connection, either one after the other or all in flight. */
interface Workload {
  readonly path: string;
  readonly name: string;
  readonly sql: string;
  readonly params: readonly unknown[];
  readonly count: number;
  readonly inFlight: number;
  /** The rows in a form in which the clients must agree, whatever types they choose. */
  readonly normalise?: (rows: readonly Record<string, unknown>[]) => unknown;
}

const WORKLOADS: readonly Workload[] = [
  { path: 'select', name: 'select $1 + 1', sql: 'select $1::int4 + 1 as n', params: [41], count: 2000, inFlight: 1 },
  {
    path: 'select-50-in-flight',
    name: 'select $1 + 1, 50 in flight',
    sql: 'select $1::int4 + 1 as n',
    params: [41],
    count: 5000,
    inFlight: 50,
  },
  {
    path: 'series',
    name: '1000 integers',
    sql: 'select i from generate_series(1, $1::int4) as i',
    params: [1000],
    count: 100,
    inFlight: 1,
  },
  {
    path: 'pg-type',
    name: 'pg_type, 12 columns',
    sql: `select typname, typnamespace, typowner, typlen, typbyval, typcategory, typispreferred, typisdefined, typdelim, typrelid, typelem, typarray
            from pg_type where typtypmod = $1 and typisdefined = true order by oid`,
    params: [-1],
    count: 30,
    inFlight: 1,
    normalise: (rows) => rows.map((row) => Object.fromEntries(Object.entries(row).map(([k, v]) => [k, String(v)]))),
  },
];

type Run = (sql: string, params: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>;

interface Client {
  readonly name: string;
  readonly run: Run;
  close(): Promise<void>;
}

async function openClients(url: string): Promise<Client[]> {
  const ours = await connect(url);
  const theirs = new pg.Client({ connectionString: url, pipeline: true });
  const names = new Map<string, string>(); // a statement is prepared under a name; the server knows 63 characters of it
  await theirs.connect();
  const sql = postgres(url, { max: 1 });
  return [
    { name: 'millrace', run: (text, params) => ours.query(text, params), close: () => ours.close() },
    {
      name: 'pg',
      run: async (text, params) => {
        const name = names.get(text) ?? `s${names.size}`;
        names.set(text, name);
        return (await theirs.query<Record<string, unknown>>({ name, text, values: [...params] })).rows;
      },
      close: () => theirs.end(),
    },
    {
      name: 'postgres.js',
      run: (text, params) => sql.unsafe(text, [...params] as never[], { prepare: true }),
      close: () => sql.end(),
    },
  ];
}

function contender(
  client: Client,
  { sql, params, inFlight, normalise = (rows) => rows.map((row) => ({ ...row })) }: Workload,
): Contender {
  return {
    name: client.name,
    check: async () => normalise([...(await client.run(sql, params))]),
    run: async (count) => {
      for (let done = 0; done < count; done += inFlight) {
        if (inFlight === 1) await client.run(sql, params);
        else await Promise.all(Array.from({ length: inFlight }, () => client.run(sql, params)));
      }
    },
  };
}

let clients: readonly Client[] = [];

/** Connects the clients to a server that lives as long as the group, or to `DATABASE_URL`. */
export async function start(): Promise<AsyncDisposable> {
  const given = process.env['DATABASE_URL'];
  const server = given === undefined ? await startServer() : undefined;
  clients = await openClients(given ?? server?.url ?? '');
  return {
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.close();
      await server?.[Symbol.asyncDispose]();
    },
  };
}

export const benchmarks: readonly Benchmark[] = WORKLOADS.map((workload) => ({
  name: `postgres/${workload.path}`,
  title: `${workload.name} (client CPU)`,
  operation: 'query',
  count: workload.count,
  batch: workload.inFlight,
  open: () => clients.map((client) => contender(client, workload)),
}));
