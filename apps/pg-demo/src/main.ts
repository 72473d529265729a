import { connect, ConnectError, PostgresError } from '@millrace/postgres';
import { Interrupted, onInterrupt } from './interrupt.js';
import { tour } from './tour.js';

const url = process.env['DATABASE_URL'];
if (url === undefined || url === '') {
  console.error('pg-demo needs DATABASE_URL, for example postgres://postgres@127.0.0.1:5432/postgres');
  console.error('(`npm start` in the root of the repository starts a server for it)');
  process.exit(2);
}

// One signal for every call: Ctrl-C cancels whatever is running, also on the server.
const signal = onInterrupt();
try {
  await using db = await connect(url, { timeoutMs: 10_000, signal });
  await tour(db, signal);
} catch (error) {
  if (error instanceof Interrupted) {
    console.error(error.message);
    process.exitCode = error.exitCode;
  } else if (error instanceof ConnectError || error instanceof PostgresError) {
    console.error(error.message);
    process.exitCode = 1;
  } else {
    throw error;
  }
}
