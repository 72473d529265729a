import type { Socket } from 'node:net';

/** Who is told what happens to a socket. */
export interface SocketOwner {
  readFromSocket(buffer: Uint8Array): void;
  socketEnded(): void;
  socketFinished(): void;
  socketFailed(error: Error): void;
  socketClosed(): void;
}

const OWNER = Symbol('owner');
type OwnedSocket = Socket & { [OWNER]?: SocketOwner | undefined };

// One function for all sockets: a closure for each event of each connection would be most of an idle connection's memory.
const listeners = {
  data(this: OwnedSocket, buffer: Uint8Array): void {
    this[OWNER]?.readFromSocket(buffer);
  },
  end(this: OwnedSocket): void {
    this[OWNER]?.socketEnded();
  },
  finish(this: OwnedSocket): void {
    this[OWNER]?.socketFinished();
  },
  error(this: OwnedSocket, error: Error): void {
    this[OWNER]?.socketFailed(error);
  },
  close(this: OwnedSocket): void {
    this[OWNER]?.socketClosed();
  },
};

/** From now on `owner` is told; a socket that read into memory of ours (`onread`) never has a 'data' event. */
export function ownSocket(socket: Socket, owner: SocketOwner): void {
  (socket as OwnedSocket)[OWNER] = owner;
  socket.on('data', listeners.data);
  socket.on('end', listeners.end);
  socket.on('finish', listeners.finish);
  socket.on('error', listeners.error);
  socket.on('close', listeners.close);
}

/** Undoes {@link ownSocket}; errors of the socket are somebody else's to hear then. */
export function disownSocket(socket: Socket): void {
  (socket as OwnedSocket)[OWNER] = undefined;
  socket.off('data', listeners.data);
  socket.off('end', listeners.end);
  socket.off('finish', listeners.finish);
  socket.off('error', listeners.error);
  socket.off('close', listeners.close);
}
