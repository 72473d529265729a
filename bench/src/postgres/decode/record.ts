// Writes fixtures/decode: what a server of the default version answers, byte by byte. `pnpm record:decode`.
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { startServer } from '@millrace/pgserver';
import { serialize } from 'pg-protocol';
import { framesOf } from './frames.js';
import { FIXTURES, type WireFormat } from './recording.js';
import { ARRAY_TYPES, WORKLOADS, type Workload } from './workloads.js';

/** Sends, and returns all that comes up to the next ReadyForQuery. */
async function ask(socket: Socket, ...messages: readonly Uint8Array[]): Promise<Buffer> {
  socket.write(Buffer.concat(messages));
  let answer = Buffer.alloc(0);
  for (;;) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    answer = Buffer.concat([answer, chunk]);
    const frames = [...framesOf(answer)];
    const error = frames.find(({ type }) => type === 'E');
    if (error !== undefined) throw new Error(`the server refused: ${error.bytes.toString('latin1')}`);
    if (frames.at(-1)?.type === 'Z') return answer;
  }
}

async function record(socket: Socket, { name, setup, sql }: Workload, formats: readonly WireFormat[]): Promise<void> {
  for (const statement of setup) await ask(socket, serialize.query(statement));
  for (const format of formats) {
    const answer = await ask(
      socket,
      serialize.parse({ name: '', text: sql, types: [] }),
      serialize.describe({ type: 'S', name: '' }),
      serialize.bind({ binary: format === 'binary' }),
      serialize.execute({}),
      serialize.sync(),
    );
    const file = new URL(`${name}.${format}.gz`, FIXTURES);
    const packed = gzipSync(answer, { level: 9 });
    await writeFile(file, packed);
    console.log(`${name}.${format}: ${answer.length} bytes, ${packed.length} packed`);
  }
}

await using server = await startServer();
const { hostname, port, username, pathname } = new URL(server.url);
const socket = connect(Number(port), hostname);
await once(socket, 'connect');
await ask(socket, serialize.startup({ user: username, database: pathname.slice(1) }));
await mkdir(FIXTURES, { recursive: true });
for (const workload of WORKLOADS) await record(socket, workload, ['binary', 'text']);
await record(socket, ARRAY_TYPES, ['text']);
socket.destroy();
