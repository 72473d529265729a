import { listenStreams, type StreamConnection } from '@millrace/streams';
import { BACKLOG, listenEndpoint, serveCommands } from './listening.js';

async function echo({ reader, writer }: StreamConnection): Promise<void> {
  for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) {
    writer.write(chunk);
    const draining = writer.drain();
    if (draining !== undefined) await draining;
  }
}

const server = await listenStreams(echo, listenEndpoint(), { backlog: BACKLOG });
serveCommands(server.address.port ?? 0);
