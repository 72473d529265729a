// What ends a query or a session from outside.
import { parametersOf, V3_0, V3_2 } from './scenarios-startup.mjs';

const cancel = (name, version, majors) => ({
  name,
  majors,
  begins: 'startup',
  run: async (session, open, connect) => {
    session.send(['StartupMessage', version, parametersOf('postgres')]);
    await session.until('Z');
    session.send(['Query', 'SELECT pg_sleep(60)']);
    const watcher = await open();
    await untilBusy(watcher, session.key.processId);
    await watcher.leave();
    const other = connect();
    other.send(['CancelRequest', session.key.processId, session.key.secretKey]);
    await other.ended();
    await session.until('Z');
    session.send(['Terminate']);
    await session.ended();
  },
});

export const ENDINGS = [
  cancel('a query that is cancelled', V3_0, [18, 13]),
  cancel('a query that is cancelled with a long key', V3_2, [18]),
  {
    name: 'a session that an administrator ends',
    run: async (session, open) => {
      const other = await open();
      other.send(['Query', `SELECT pg_terminate_backend(${session.key.processId})`]);
      await session.until('E');
      await session.ended();
      await other.leave();
    },
  },
];

/** A cancel request that comes before the query is lost. */
async function untilBusy(watcher, processId) {
  for (let isBusy = false; !isBusy;) {
    watcher.send(['Query', `SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = ${processId}`]);
    const row = await watcher.until('D');
    isBusy = row.at(-1) === 't'.charCodeAt(0);
    await watcher.until('Z');
  }
}
