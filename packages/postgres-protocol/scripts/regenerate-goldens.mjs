// Captures the goldens of test/fixtures/goldens from real servers, PostgreSQL 18 and 13, and from libpq 18:
//
//   pnpm --filter @millrace/postgres-protocol regenerate
//
// Keys, salts, process ids and positions in the log are the servers' and differ each time.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installedDir } from '@millrace/pgserver';
import { fetchRuntime } from '../../tooling/src/runtimes.mjs';
import { fixture } from './goldens/fixture.mjs';
import { recordGoldens } from './goldens/record-goldens.mjs';
import { MAJORS, startServers } from './goldens/servers.mjs';
import { loadEncoders } from './goldens/sources.mjs';
import { recordTraces } from './libpq/record-traces.mjs';

const folder = join(import.meta.dirname, '../test/fixtures/goldens');
const encoders = await loadEncoders();
const servers = await startServers(encoders);
try {
  for (const major of MAJORS) {
    const { port, version } = servers[major];
    const goldens = await recordGoldens(major, port, encoders);
    save(`postgres-${major}`, `PostgreSQL ${version}`, `POSTGRES_${major}`, goldens);
  }
  const library = join(installedDir(18), 'lib', process.platform === 'darwin' ? 'libpq.5.dylib' : 'libpq.so.5');
  const traces = await recordTraces(await fetchRuntime('deno'), library, servers);
  save('libpq-traces', `libpq ${servers[18].version}`, 'LIBPQ_TRACES', traces);
} finally {
  for (const server of Object.values(servers)) await server[Symbol.asyncDispose]();
}

function save(file, sources, constant, goldens) {
  writeFileSync(join(folder, `${file}.ts`), fixture(sources, constant, goldens));
  console.log(`${file}.ts: ${goldens.length} goldens`);
}
