import { backendMessage, step } from '@millrace/postgres-protocol/testing';
import { everySplit } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { connect } from '../src/index.js';
import { FAREWELL, READY, serve } from './scripted/serve.js';

const GREETING = Uint8Array.of(
  ...backendMessage('AuthenticationOk'),
  ...backendMessage('ParameterStatus', 'k', 'v'),
  ...backendMessage('BackendKeyData', 7, Uint8Array.of(0, 0, 0, 9)),
  ...READY,
);
const COLUMN = { name: 'a', tableOid: 0, columnNumber: 0, typeOid: 23, typeSize: 4, typeModifier: -1, format: 0 };
const DESCRIPTION = Uint8Array.of(
  ...backendMessage('ParseComplete'),
  ...backendMessage('ParameterDescription', []),
  ...backendMessage('RowDescription', [{ ...COLUMN, format: 0 }]),
  ...READY,
);
const ROWS = Uint8Array.of(
  ...backendMessage('BindComplete'),
  ...backendMessage('DataRow', [Uint8Array.of(0, 0, 0, 5)]),
  ...backendMessage('NoticeResponse', { severity: 'NOTICE', severityCode: 'NOTICE', sqlState: '00000', message: 'hi' }),
  ...backendMessage('DataRow', [null]),
  ...backendMessage('CommandComplete', 'SELECT 2'),
  ...READY,
);

/** What the client makes of the server's three answers, each in the pieces that are given. */
async function converse(...answers: readonly (readonly Uint8Array[])[]): Promise<unknown> {
  const [greeting = [], description = [], rows = []] = answers.map((pieces) =>
    pieces.flatMap((piece) => [step.split('whole'), step.send(piece)]),
  );
  const { server, target } = serve([
    step.expect('StartupMessage'),
    ...greeting,
    step.expect('Parse', { sql: 'select a' }),
    step.expect('Describe'),
    step.expect('Sync'),
    ...description,
    step.expect('Bind'),
    step.expect('Execute', { maxRows: 0 }),
    step.expect('Sync'),
    ...rows,
    ...FAREWELL,
  ]);
  const db = await connect(target);
  const notices: string[] = [];
  db.onNotice(({ message }) => notices.push(message));
  const result = await db.query('select a');
  await db.close();
  server.finish();
  return { result, count: result.count, notices, parameters: { ...db.serverParameters }, pid: db.backendPid };
}

describe('a session', () => {
  test('understands the server wherever its bytes are split', async () => {
    const whole = await converse([GREETING], [DESCRIPTION], [ROWS]);
    expect(whole).toEqual({
      result: [{ a: 5 }, { a: null }],
      count: 2,
      notices: ['hi'],
      parameters: { k: 'v' },
      pid: 7,
    });
    for (const pieces of everySplit(GREETING)) expect(await converse(pieces, [DESCRIPTION], [ROWS])).toEqual(whole);
    for (const pieces of everySplit(DESCRIPTION)) expect(await converse([GREETING], pieces, [ROWS])).toEqual(whole);
    for (const pieces of everySplit(ROWS)) expect(await converse([GREETING], [DESCRIPTION], pieces)).toEqual(whole);
  });
});
