import { getLoop } from '@millrace/loop-policy';
import { PostgresError, type Connection, type Queryable } from '@millrace/postgres';
import { TimeoutError } from '@millrace/timeouts';
import { progressBar, section, table } from './show.js';

const ROWS = 100_000;
const BATCH = 10_000;

/** Shows what the client can do, on a temporary table that goes with the connection. */
export async function tour(db: Connection, signal: AbortSignal): Promise<void> {
  section('Server');
  console.log(await db.queryValue('select version()', [], { signal }));

  await load(db, signal);
  await queryWithParameters(db, signal);
  await streamBack(db, signal);
  await showError(db, signal);
  await showTimeout(db, signal);
}

/** One transaction; each batch is one statement with three array parameters, so it is a single round trip. */
async function load(db: Connection, signal: AbortSignal): Promise<void> {
  section(`Loading ${ROWS.toLocaleString('en')} rows`);
  await db.execute(
    'create temporary table reading (id int4 primary key, sensor text not null, celsius float8, taken_at timestamptz not null)',
    { signal },
  );
  const started = performance.now();
  {
    using bar = progressBar(ROWS);
    await db.transaction(
      (tx) =>
        insertBatches(tx, (rows) => {
          bar.update(rows);
        }),
      { signal },
    );
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(`${Math.round(ROWS / seconds).toLocaleString('en')} rows/s in, as binary arrays, in one transaction`);
}

async function insertBatches(tx: Queryable, onProgress: (rows: number) => void): Promise<void> {
  const epoch = Date.UTC(2026, 0, 1);
  for (let first = 0; first < ROWS; first += BATCH) {
    const ids = Array.from({ length: BATCH }, (_, i) => first + i);
    await tx.query(
      'insert into reading select * from unnest($1::int4[], $2::text[], $3::float8[], $4::timestamptz[])',
      [
        ids,
        ids.map((id) => `sensor-${id % 7}`),
        ids.map((id) => (id % 50 === 0 ? null : 20 + Math.sin(id / 1000) * 5)),
        ids.map((id) => new Date(epoch + id * 1000)),
      ],
    );
    onProgress(first + BATCH);
  }
}

async function queryWithParameters(db: Connection, signal: AbortSignal): Promise<void> {
  section('A query with parameters');
  const rows = await db.query(
    `select sensor, count(*) as readings, count(celsius) as measured, avg(celsius)::numeric(6,3) as mean, max(taken_at) as latest
       from reading where id >= $1 and sensor <> $2 group by sensor order by sensor`,
    [500, 'sensor-0'],
    { signal },
  );
  console.log(
    table(
      rows.columns.map((column) => column.name),
      rows.map((row) => Object.values(row)),
    ),
  );
}

async function streamBack(db: Connection, signal: AbortSignal): Promise<void> {
  section('Streaming all rows back, in binary');
  const loop = getLoop();
  const bytesBefore = loop.metrics().bytesRead;
  const started = performance.now();
  let rows = 0;
  let sum = 0;
  for await (const row of db.stream('select * from reading', [], { signal })) {
    rows++;
    sum += (row['celsius'] as number | null) ?? 0;
  }
  const seconds = (performance.now() - started) / 1000;
  const megabytes = (loop.metrics().bytesRead - bytesBefore) / 1e6;
  console.log(
    `${Math.round(rows / seconds).toLocaleString('en')} rows/s, ${(megabytes / seconds).toFixed(1)} MB/s: ` +
      `${rows.toLocaleString('en')} rows, ${megabytes.toFixed(1)} MB in ${seconds.toFixed(2)} s (sum of celsius ${sum.toFixed(1)})`,
  );
}

async function showError(db: Connection, signal: AbortSignal): Promise<void> {
  section('An error of the server');
  try {
    await db.query('select id, sensr\n  from reading\n where id = $1', [1], { signal });
    throw new Error('the server accepted a column that does not exist');
  } catch (error) {
    if (!(error instanceof PostgresError)) throw error;
    console.log(`SQLSTATE ${error.sqlState}`);
    console.log(error.render());
  }
}

async function showTimeout(db: Connection, signal: AbortSignal): Promise<void> {
  section('A timeout that cancels');
  const started = performance.now();
  try {
    await db.query('select pg_sleep(60)', [], { timeoutMs: 250, signal });
    throw new Error('pg_sleep(60) returned');
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    console.log(`after ${Math.round(performance.now() - started)} ms: ${error.message}`);
  }
  const answer = await db.queryValue('select 6 * 7', [], { signal, timeoutMs: 5000 });
  console.log(
    `the same connection answers ${String(answer)}, ${Math.round(performance.now() - started)} ms after the start`,
  );
}
