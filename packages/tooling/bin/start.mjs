// `npm start`: from a fresh clone to rows from a real PostgreSQL and echoes from a real server. Leaves nothing behind.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrap, root } from '../src/bootstrap.mjs';
import { Supervisor } from '../src/supervisor.mjs';

const started = Date.now();
const say = (text) => console.log(`[${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s] ${text}`);
const supervisor = new Supervisor();
let failure;
try {
  await bootstrap();
  supervisor.check();
  say('Building ...');
  await supervisor.run(
    'turbo',
    [
      'run',
      'build',
      '--filter=./apps/*',
      '--filter=@millrace/pgserver',
      '--output-logs=errors-only',
      '--log-order=grouped',
    ],
    { name: 'the build' },
  );
  const databaseUrl = process.env.DATABASE_URL || (await startPostgres());
  say('Running apps/pg-demo');
  await supervisor.node('apps/pg-demo/dist/main.js', [], { env: { ...process.env, DATABASE_URL: databaseUrl } });
  say('Running apps/echo-server');
  await echo();
  say('Done.');
} catch (error) {
  failure = error;
}
const code = await supervisor.finish(failure !== undefined);
if (supervisor.stopped) console.error('\nStopped.');
else if (failure !== undefined) console.error(`\n${failure instanceof Error ? failure.message : String(failure)}`);
process.exit(code);

async function startPostgres() {
  const built = join(root, 'packages/pgserver/dist/index.js');
  if (!existsSync(built)) throw new Error('packages/pgserver was not built');
  const { startServer } = await import(pathToFileURL(built).href);
  say('No DATABASE_URL is set: starting an embedded PostgreSQL ...');
  const server = await startServer({ onProgress: say });
  supervisor.defer(() => server[Symbol.asyncDispose]());
  supervisor.check();
  return server.url;
}

/** The server in its own process, as it would run for real; then the load client against it. */
async function echo() {
  let address;
  let server;
  const serving = supervisor.node('apps/echo-server/dist/main.js', ['--listen', 'tcp://127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: process.env,
    onSpawn: (child) => (server = child),
  });
  const ended = serving.then(
    () => new Error('apps/echo-server ended before it was asked to'),
    (error) => error,
  );
  server.stdout.setEncoding('utf8');
  const listening = once(server.stdout, 'data').then(([line]) => {
    address = /tcp:\/\/\S+/.exec(line)?.[0];
  });
  const early = await Promise.race([listening, ended]);
  if (early instanceof Error) throw early;
  if (address === undefined) throw new Error('apps/echo-server did not say where it listens');
  await supervisor.node('apps/echo-server/dist/load.js', [address], { env: process.env });
  server.kill('SIGTERM');
  const end = await ended;
  if (!/exited with 143|ended before/.test(end.message)) throw end;
}
