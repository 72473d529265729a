import { describe, expect, test } from 'vitest';
import { createStatement } from '../src/index.js';
import { failure } from './conversations.js';
import { openSession, type Session } from './open-session.js';
import { field, server } from './wire.js';

function collect(): void {
  if (globalThis.gc === undefined) throw new Error('expected --expose-gc');
  globalThis.gc();
}

/** Executes statements, the first of which is being answered. */
function executing(): { session: Session; statements: WeakRef<object>[] } {
  const session = openSession();
  const statements = Array.from({ length: 3 }, () => {
    const statement = createStatement({ name: '', parameterOids: [], fields: [field({ name: 'n', typeOid: 23 })] });
    session.machine.sendExecute('', statement, 0);
    return new WeakRef(statement);
  });
  session.machine.feed(server.dataRow(1));
  session.handler.clear();
  return { session, statements };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('FrontendMachine, when the session is over', () => {
  test.each([
    ['closed', server.fatal()],
    ['broken', server.noData()],
  ])('keeps no statement alive: %s', async (state, last) => {
    const { session, statements } = executing();
    await settled();
    collect();
    expect(statements.map((statement) => statement.deref() === undefined)).toEqual([false, false, false]);
    if (state === 'closed') session.machine.feed(last);
    else {
      failure(() => {
        session.machine.feed(last);
      });
    }
    await settled(); // a WeakRef that was looked at holds on until then
    collect();
    expect(statements.map((statement) => statement.deref() === undefined)).toEqual([true, true, true]);
    expect(session.machine.state).toBe(state);
  });
});
