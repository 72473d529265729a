// `npm test` runs this first: see ../src/bootstrap.mjs.
import { bootstrap } from '../src/bootstrap.mjs';

try {
  await bootstrap();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
