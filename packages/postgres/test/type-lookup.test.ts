import { backendMessage, step } from '@millrace/postgres-protocol/testing';
import type { Script } from '@millrace/postgres-protocol/testing';
import { expect, test } from 'vitest';
import { connect, PostgresError } from '../src/index.js';
import { FAREWELL, GREETING, READY, serve, serverError } from './scripted/serve.js';

const COLUMN = {
  name: 'v',
  tableOid: 0,
  columnNumber: 0,
  typeOid: 70_000,
  typeSize: -1,
  typeModifier: -1,
  format: 0,
} as const;
const IN_TRANSACTION = backendMessage('ReadyForQuery', 'E');

/** The statement is described: its column has a type that nobody here knows. */
const DESCRIBED: Script = [
  step.expect('Parse', { name: 'millrace_1' }),
  step.expect('Describe'),
  step.expect('Sync'),
  step.send(
    backendMessage('ParseComplete'),
    backendMessage('ParameterDescription', []),
    backendMessage('RowDescription', [COLUMN]),
    READY,
  ),
];

/** The catalog is asked for it. */
const ASKED: Script = [
  step.expect('Close', { what: 'statement', name: 'millrace_types' }),
  step.expect('Parse', { name: 'millrace_types' }),
  step.expect('Bind', { statement: 'millrace_types' }),
  step.expect('Execute'),
  step.expect('Close', { what: 'statement', name: 'millrace_types' }),
  step.expect('Sync'),
];

const EXECUTED: Script = [
  step.expect('Bind', { statement: 'millrace_1', resultFormats: [0] }),
  step.expect('Execute'),
  step.expect('Sync'),
  step.send(
    backendMessage('BindComplete'),
    backendMessage('DataRow', [new TextEncoder().encode('as printed')]),
    backendMessage('CommandComplete', 'SELECT 1'),
    READY,
  ),
];

const CLOSED: Script = [
  step.expect('Close', { what: 'statement', name: 'millrace_1' }),
  step.expect('Sync'),
  step.send(backendMessage('CloseComplete'), READY),
];

test.each(['42P01', '42501', '0A000'])('a server without catalogs (%s) gives the type as text', async (sqlState) => {
  const refused = step.send(backendMessage('CloseComplete'), serverError(sqlState), READY);
  const { server, target } = serve([
    ...GREETING,
    ...DESCRIBED,
    ...ASKED,
    refused,
    ...EXECUTED,
    ...EXECUTED,
    ...FAREWELL,
  ]);
  const db = await connect(target);
  expect(await db.query('select v')).toEqual([{ v: 'as printed' }]);
  expect(await db.query('select v')).toEqual([{ v: 'as printed' }]);
  await db.close();
  server.finish();
});

test('a type that the catalog does not have is text, too', async () => {
  const nothing = step.send(
    backendMessage('CloseComplete'),
    backendMessage('ParseComplete'),
    backendMessage('BindComplete'),
    backendMessage('CommandComplete', 'SELECT 0'),
    backendMessage('CloseComplete'),
    READY,
  );
  const { server, target } = serve([...GREETING, ...DESCRIBED, ...ASKED, nothing, ...EXECUTED, ...FAREWELL]);
  const db = await connect(target);
  expect(await db.query('select v')).toEqual([{ v: 'as printed' }]);
  await db.close();
  server.finish();
});

test.each([
  ['of another kind', '53200', READY],
  ['in a transaction block, which is lost then', '42501', IN_TRANSACTION],
])('an error %s is that of the call, and the server forgets the statement', async (_, sqlState, ready) => {
  const refused = step.send(backendMessage('CloseComplete'), serverError(sqlState), ready);
  const { server, target } = serve([...GREETING, ...DESCRIBED, ...ASKED, refused, ...CLOSED, ...FAREWELL]);
  const db = await connect(target);
  const failure = await db.query('select v').catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(PostgresError);
  expect(failure).toMatchObject({ sqlState });
  await db.close();
  server.finish();
});
