// `npm test` runs this first: see ../src/bootstrap.mjs.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bootstrap } from '../src/bootstrap.mjs';
import { scriptRunner } from '../src/process-table.mjs';

try {
  await bootstrap();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
if (process.platform !== 'win32') {
  const watchdog = fileURLToPath(new URL('../src/watchdog.mjs', import.meta.url));
  spawn(process.execPath, [watchdog, String(scriptRunner())], { detached: true, stdio: 'ignore' }).unref();
}
