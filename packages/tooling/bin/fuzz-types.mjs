// `pnpm fuzz:types [--family numeric,arrays] [--seed 1] [--count 100000] [--major 18]`: random values of each family of
// types to a real server and back. A failure prints its seed; `--family <family> --seed <seed> --count 1` may be of another
// type of the family, so what is printed has the value and its type, too.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { root } from '../src/bootstrap.mjs';
import { bundleSource } from '../src/bundle.mjs';

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  options: {
    family: { type: 'string' },
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '100000' },
    major: { type: 'string', default: '18' },
  },
});
const [seed, count, major] = [values.seed, values.count, values.major].map(Number);
if (!(Number.isSafeInteger(count) && count > 0)) fail(`expected --count of 1 or more, got ${values.count}`);
if (!Number.isSafeInteger(seed)) fail(`expected an integer as --seed, got ${values.seed}`);

const built = join(root, 'packages/pgserver/dist/index.js');
if (!existsSync(built)) fail('packages/pgserver was not built: pnpm --filter @millrace/pgserver build');
const { startServer } = await import(pathToFileURL(built).href);

const dir = mkdtempSync(join(tmpdir(), 'millrace-fuzz-types-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
const bundle = join(dir, 'soak.mjs');
await bundleSource(join(root, 'packages/postgres-protocol/test/fuzz-types/soak.ts'), bundle);
process.setSourceMapsEnabled(true);
const { FAMILIES, describe, soak } = await import(pathToFileURL(bundle).href);
const families = values.family?.split(',') ?? Object.keys(FAMILIES);
for (const family of families) {
  if (FAMILIES[family] === undefined) fail(`expected --family of ${Object.keys(FAMILIES).join(', ')}, got ${family}`);
}

const server = await startServer({ major });
try {
  let failures = 0;
  for (const family of families) {
    const started = Date.now();
    const { done, failure } = await soak({ url: server.url, major, family, seed, count });
    console.log(`${String(done).padStart(9)}  ${family}, in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    if (failure === undefined) continue;
    failures += 1;
    console.error(`seed ${failure.seed}: ${failure.typeName} ${describe(failure.sent)} ${failure.problem}`);
  }
  console.log(`${families.length} families from seed ${seed} on PostgreSQL ${major}: ${failures} failures`);
  if (failures > 0) process.exitCode = 1;
} finally {
  await server[Symbol.asyncDispose]();
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
