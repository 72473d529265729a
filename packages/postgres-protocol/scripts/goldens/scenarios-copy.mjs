// COPY in every direction. A scenario begins in an open session.
import { goodbye, parametersOf, V3_0 } from './scenarios-startup.mjs';

const TABLE = 'CREATE TEMPORARY TABLE t (a int4, b text)';
const DONE = ['CopyDone'];
const data = (text) => ['CopyData', Buffer.from(text)];
const SYNC = ['Sync'];
const extended = (sql) => [
  ['Parse', '', sql, []],
  ['Bind', '', '', [], [], []],
  ['Execute', '', 0],
];

/** A scenario that copies into a table: what it sends to begin, and what once the server is ready. */
const copying = (name, begin, ...rest) => ({
  name,
  run: async (session) => {
    await ask(session, TABLE);
    session.send(...begin);
    await session.until('G');
    session.send(...rest);
    await session.until('Z');
    await ask(session, 'TABLE t');
  },
});

async function ask(session, sql) {
  session.send(['Query', sql]);
  await session.until('Z');
}

const QUERY = [['Query', 'COPY t FROM STDIN']];
const EXTENDED = extended('COPY t FROM STDIN');
const BINARY = ['PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', '\0\x02\0\0\0\x04\0\0\0\x07\0\0\0\x05seven', '\xff\xff'].map(
  (part) => ['CopyData', Buffer.from(part, 'latin1')],
);

export const COPIES = [
  copying('COPY in', QUERY, data('1\to'), data('ne\n2\t\\N\n'), data(''), DONE),
  copying('COPY in that the client fails', QUERY, data('1\tone\n'), ['CopyFail', 'changed my mind']),
  copying('COPY in that the server fails', QUERY, data('nonsense\n'), data('1\tone\n'), DONE),
  copying('binary COPY in', [['Query', 'COPY t FROM STDIN (FORMAT binary)']], ...BINARY, DONE),
  copying('COPY in between two statements', [['Query', 'SELECT 1; COPY t FROM STDIN; SELECT 2']], data('1\tx\n'), DONE),
  copying('COPY in of the extended protocol', EXTENDED, data('1\tone\n'), DONE, SYNC),
  copying('COPY in of the extended protocol that the client fails', EXTENDED, data('1\to'), ['CopyFail', 'no'], SYNC),
  copying('COPY in of the extended protocol that the server fails', EXTENDED, data('x\n'), DONE, SYNC),
  {
    name: 'COPY out',
    run: async (session) => {
      await ask(session, "COPY (VALUES (1, 'one'), (2, NULL)) TO STDOUT");
      await ask(session, "COPY (VALUES (1, 'one'), (2, NULL)) TO STDOUT (FORMAT binary)");
      await ask(session, 'COPY (SELECT 1 WHERE false) TO STDOUT; SELECT 1');
      await ask(session, 'COPY (SELECT 2 / (2 - n) FROM generate_series(1, 3) AS n) TO STDOUT');
    },
  },
  {
    name: 'COPY out of the extended protocol',
    run: async (session) => {
      session.send(...extended("COPY (VALUES (1, 'one'), (2, NULL)) TO STDOUT"), ['Describe', 'portal', ''], SYNC);
      await session.until('Z');
    },
  },
  {
    name: 'replication, by COPY in both directions',
    begins: 'startup',
    run: replicate,
  },
];

async function replicate(session, open) {
  const other = await open();
  await ask(other, 'CREATE TABLE replicated (a int4); CREATE PUBLICATION p FOR TABLE replicated');
  session.send(['StartupMessage', V3_0, parametersOf('postgres', ['replication', 'database'])]);
  await session.until('Z');
  await ask(session, 'IDENTIFY_SYSTEM');
  await ask(session, 'CREATE_REPLICATION_SLOT s TEMPORARY LOGICAL pgoutput');
  await ask(other, 'INSERT INTO replicated VALUES (42)');
  session.send(['Query', `START_REPLICATION SLOT s LOGICAL 0/0 (proto_version '1', publication_names 'p')`]);
  await session.until('W');
  for (let isCommitted = false; !isCommitted;) {
    const message = await session.until('d');
    isCommitted = message[0] === 'w'.charCodeAt(0) && message[25] === 'C'.charCodeAt(0);
  }
  session.send(['CopyData', standbyStatus()]);
  session.send(DONE);
  await goodbye(session);
  await ask(other, 'DROP TABLE replicated; DROP PUBLICATION p');
  await other.leave();
}

/** https://www.postgresql.org/docs/current/protocol-replication.html#PROTOCOL-REPLICATION-STANDBY-STATUS-UPDATE */
function standbyStatus() {
  const message = Buffer.alloc(34);
  message.write('r');
  return message;
}
