import type { Socket } from 'node:net';

/** Who is told what happens to a socket. */
export interface SocketOwner {
  readonly inbox: { readFromSocket(buffer: Uint8Array): void };
  socketEnded(): void;
  socketFinished(): void;
  socketFailed(error: Error): void;
  socketClosed(): void;
}

const OWNER = Symbol('owner');
type OwnedSocket = Socket & { [OWNER]?: SocketOwner | undefined };

// One function for all sockets: a closure for each event of each connection would be most of an idle connection's memory.
function onData(this: OwnedSocket, buffer: Uint8Array): void {
  this[OWNER]?.inbox.readFromSocket(buffer);
}

function onEnd(this: OwnedSocket): void {
  this[OWNER]?.socketEnded();
}

function onFinish(this: OwnedSocket): void {
  this[OWNER]?.socketFinished();
}

function onError(this: OwnedSocket, error: Error): void {
  this[OWNER]?.socketFailed(error);
}

function onClose(this: OwnedSocket): void {
  this[OWNER]?.socketClosed();
}

/** From now on `owner` is told; a socket that read into memory of ours (`onread`) never has a 'data' event. */
export function ownSocket(socket: Socket, owner: SocketOwner): void {
  (socket as OwnedSocket)[OWNER] = owner;
  socket.on('data', onData);
  socket.on('end', onEnd);
  socket.on('finish', onFinish);
  socket.on('error', onError);
  socket.on('close', onClose);
}

/** Undoes {@link ownSocket}; errors of the socket are somebody else's to hear then. */
export function disownSocket(socket: Socket): void {
  (socket as OwnedSocket)[OWNER] = undefined;
  socket.off('data', onData);
  socket.off('end', onEnd);
  socket.off('finish', onFinish);
  socket.off('error', onError);
  socket.off('close', onClose);
}
