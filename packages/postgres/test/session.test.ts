import { getLoop } from '@millrace/loop-policy';
import type { ChunkOwner, Transport } from '@millrace/loop-policy';
import { everySplit } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { resolveOptions } from '../src/connection-options.js';
import { RowCollector } from '../src/row-sink.js';
import { Session } from '../src/session.js';
import { StatementOperation } from '../src/statement-operation.js';
import { AUTHENTICATION_OK, BACKEND_KEY, message, READY } from './scripted-server.js';

/** Takes what is written, and gives it back after the call, as a transport must. */
class WriteCounter implements Partial<Transport> {
  count = 0;
  readonly info: Transport['info'] = {
    localAddress: undefined,
    localPort: undefined,
    remoteAddress: undefined,
    remotePort: undefined,
    path: undefined,
  };

  write(chunk: Uint8Array, owner?: ChunkOwner): void {
    this.count += 1;
    queueMicrotask(() => owner?.recycle(chunk));
  }

  abort(): void {
    // The session is not told: the test looks at its state.
  }
}

const tick = (): Promise<void> =>
  new Promise((resolve) => {
    getLoop().callSoon(resolve);
  });

const GREETING = Buffer.concat([AUTHENTICATION_OK, message('S', 'k\0v\0'), BACKEND_KEY, READY]);
const DESCRIPTION = Buffer.concat([
  message('1'),
  message('t', '\0\0'),
  message('T', Buffer.from(`000161${'00'.repeat(1 + 4 + 2)}000000170004ffffffff0000`, 'hex')),
  READY,
]);
const ROWS = Buffer.concat([
  message('2'),
  message('D', '\0\x01\0\0\0\x04\0\0\0\x05'),
  message('N', 'SNOTICE\0VNOTICE\0C00000\0Mhi\0\0'),
  message('D', Buffer.from('0001ffffffff', 'hex')),
  message('C', 'SELECT 2\0'),
  READY,
]);

async function converse(parts: readonly (readonly Uint8Array[])[]): Promise<unknown> {
  const session = new Session(getLoop(), resolveOptions({ host: 'h', user: 'u' }));
  const notices: string[] = [];
  session.notices.add(({ message: text }) => notices.push(text));
  const transport = new WriteCounter();
  session.connectionMade(transport as unknown as Transport); // the session uses no more of it
  const started = session.start();
  const [greeting = [], description = [], rows = []] = parts;
  for (const chunk of greeting) session.dataReceived(chunk);
  await started;
  const operation = new StatementOperation('select a', [], new RowCollector());
  session.issue(operation);
  await tick();
  for (const chunk of description) session.dataReceived(chunk);
  await tick();
  for (const chunk of rows) session.dataReceived(chunk);
  const result = await operation.promise;
  return { result, count: result.count, notices, parameters: { ...session.parameters }, writes: transport.count };
}

describe('Session', () => {
  test('understands the server wherever its bytes are split', async () => {
    const whole = await converse([[GREETING], [DESCRIPTION], [ROWS]]);
    expect(whole).toMatchObject({
      result: [{ a: 5 }, { a: null }],
      count: 2,
      notices: ['hi'],
      parameters: { k: 'v' },
      writes: 3,
    });
    for (const chunks of everySplit(GREETING)) expect(await converse([chunks, [DESCRIPTION], [ROWS]])).toEqual(whole);
    for (const chunks of everySplit(DESCRIPTION)) expect(await converse([[GREETING], chunks, [ROWS]])).toEqual(whole);
    for (const chunks of everySplit(ROWS)) expect(await converse([[GREETING], [DESCRIPTION], chunks])).toEqual(whole);
  });
});
