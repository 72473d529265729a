// `pnpm explore [--depth 6]`: the model checks of async-queue and sync with longer programs than `pnpm test` has time for.
import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { environment, root } from '../src/bootstrap.mjs';
import { Supervisor } from '../src/supervisor.mjs';

const SUITES = [
  ['async-queue', 'test/explore.test.ts'],
  ['sync', 'test/exhaustive.test.ts'],
];

const supervisor = new Supervisor();
let failure;
try {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((arg) => arg !== '--'),
    options: { depth: { type: 'string', default: '5' } },
  });
  const depth = Number(values.depth);
  if (!(Number.isInteger(depth) && depth >= 2)) throw new Error(`expected --depth of 2 or more, got ${values.depth}`);
  for (const [folder, file] of SUITES) {
    await supervisor.run('vitest', ['run', '--config', '../../vitest.config.mjs', '--root', '.', file], {
      cwd: join(root, 'packages', folder),
      env: { ...environment(), MILLRACE_EXPLORE_DEPTH: String(depth) },
      name: `the model check of ${folder}`,
    });
  }
} catch (error) {
  failure = error;
}
const code = await supervisor.finish(failure !== undefined);
if (failure !== undefined && !supervisor.stopped) console.error(`\n${failure.message}`);
process.exit(code);
