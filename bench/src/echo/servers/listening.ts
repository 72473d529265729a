import { answerCommands } from '../commands.js';

/** Where a server is told to listen: `tcp`, on a free port, or `unix:<path>`. */
export function listenTarget(): { readonly path: string | undefined } {
  const target = process.argv[2] ?? 'tcp';
  return { path: target.startsWith('unix:') ? target.slice('unix:'.length) : undefined };
}

/** The same as an endpoint of a loop. */
export function listenEndpoint(): string {
  const { path } = listenTarget();
  return path === undefined ? 'tcp://127.0.0.1:0' : `unix:${path}`;
}

/** Connections that wait to be accepted, for every server alike. */
export const BACKLOG = 4096;

/** Says the port, 0 for a path, and answers from then on. */
export function serveCommands(port: number): void {
  answerCommands(`port ${port}`);
}
