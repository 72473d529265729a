// Style 2, for applications: one async function per connection, which reads and writes.
import type { Loop, Server } from '@millrace/loop-policy';
import { listenStreams, type StreamConnection } from '@millrace/streams';
import type { ServeOptions } from './serve-options.js';

// When the function returns, what was written is sent and the connection closed; what it throws ends this one only.
async function echo({ reader, writer }: StreamConnection): Promise<void> {
  for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) {
    writer.write(chunk);
    await writer.drain(); // back-pressure: waits while the client does not read its echoes
  }
}

export const serve = (loop: Loop, { endpoint, ...options }: ServeOptions): Promise<Server> =>
  listenStreams(echo, endpoint, { ...options, loop });
