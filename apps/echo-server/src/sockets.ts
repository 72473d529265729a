// Style 3, for those who like sockets: accept connections in a loop, and iterate over each one's chunks.
import type { Loop, Server } from '@millrace/loop-policy';
import { acceptStreams, type StreamConnection } from '@millrace/streams';
import type { ServeOptions } from './serve-options.js';

async function echo(accepted: StreamConnection): Promise<void> {
  await using socket = accepted; // is closed at the end, however that comes
  for await (const chunk of socket.reader) {
    socket.writer.write(chunk);
    await socket.writer.drain(); // back-pressure
  }
}

/** What fails is over: the client is gone, or the server is being closed. The others go on. */
const ignore = (): void => undefined;

export async function serve(loop: Loop, { endpoint, ...options }: ServeOptions): Promise<Server> {
  const sockets = await acceptStreams(endpoint, { ...options, loop });
  void (async () => {
    for await (const socket of sockets) void echo(socket).catch(ignore);
  })();
  return sockets.server;
}
