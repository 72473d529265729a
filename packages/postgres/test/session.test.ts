import { getLoop } from '@millrace/loop-policy';
import type { Protocol, Transport } from '@millrace/loop-policy';
import { memoryTransportPair } from '@millrace/loop-policy/testing';
import { everySplit } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { resolveOptions } from '../src/connection-options.js';
import { RowCollector } from '../src/row-sink.js';
import { Session } from '../src/session.js';
import { StatementOperation } from '../src/statement-operation.js';
import { AUTHENTICATION_OK, BACKEND_KEY, message, READY } from './scripted-server.js';

const concatenate = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

const GREETING = concatenate([AUTHENTICATION_OK, message('S', 'k\0v\0'), BACKEND_KEY, READY]);
const DESCRIPTION = concatenate([
  message('1'),
  message('t', '\0\0'),
  message('T', Buffer.from(`000161${'00'.repeat(1 + 4 + 2)}000000170004ffffffff0000`, 'hex')),
  READY,
]);
const ROWS = concatenate([
  message('2'),
  message('D', '\0\x01\0\0\0\x04\0\0\0\x05'),
  message('N', 'SNOTICE\0VNOTICE\0C00000\0Mhi\0\0'),
  message('D', Buffer.from('0001ffffffff', 'hex')),
  message('C', 'SELECT 2\0'),
  READY,
]);

/** The chunks of one answer. */
type Answer = readonly Uint8Array[];

/** Answers the n-th chunk with the n-th answer of its script. */
class ScriptedBackend implements Protocol {
  chunkCount = 0;
  readonly #answers: readonly Answer[];
  #transport: Transport | undefined;

  constructor(answers: readonly Answer[]) {
    this.#answers = answers;
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  dataReceived(): void {
    for (const chunk of this.#answers[this.chunkCount++] ?? []) this.#transport?.write(chunk);
  }

  eofReceived(): void {
    // Returning nothing closes this end too.
  }

  pauseWriting(): void {
    // A few bytes.
  }

  resumeWriting(): void {
    // As above.
  }

  connectionLost(): void {
    // The script is over.
  }
}

async function converse(answers: readonly Answer[]): Promise<unknown> {
  const { client, server } = memoryTransportPair();
  const backend = server.attach(new ScriptedBackend(answers));
  const session = client.attach(new Session(getLoop(), resolveOptions({ host: 'h', user: 'u' })));
  const notices: string[] = [];
  session.notices.add(({ message: text }) => notices.push(text));
  await session.start();
  const operation = new StatementOperation('select a', [], new RowCollector());
  session.issue(operation);
  const result = await operation.promise;
  session.terminate();
  await session.gone;
  return { result, count: result.count, notices, parameters: { ...session.parameters }, chunks: backend.chunkCount };
}

describe('Session', () => {
  test('understands the server wherever its bytes are split', async () => {
    const whole = await converse([[GREETING], [DESCRIPTION], [ROWS]]);
    expect(whole).toMatchObject({
      result: [{ a: 5 }, { a: null }],
      count: 2,
      notices: ['hi'],
      parameters: { k: 'v' },
      chunks: 3,
    });
    for (const chunks of everySplit(GREETING)) expect(await converse([chunks, [DESCRIPTION], [ROWS]])).toEqual(whole);
    for (const chunks of everySplit(DESCRIPTION)) expect(await converse([[GREETING], chunks, [ROWS]])).toEqual(whole);
    for (const chunks of everySplit(ROWS)) expect(await converse([[GREETING], [DESCRIPTION], chunks])).toEqual(whole);
  });
});
