import type { Protocol, Transport } from '@millrace/loop-policy';
import type { ScriptedConnection, ScriptedServer, ScriptSink } from '@millrace/postgres-protocol/testing';

/** The server's end of a connection in memory, played by a script. */
export class ServerProtocol implements Protocol {
  private readonly _server: ScriptedServer;
  private _connection: ScriptedConnection | undefined;

  constructor(server: ScriptedServer) {
    this._server = server;
  }

  connectionMade(transport: Transport): void {
    this._connection = this._server.accept(sinkOf(transport));
    this._connection.start();
  }

  dataReceived(chunk: Uint8Array): void {
    this._connection?.feed(chunk);
  }

  eofReceived(): boolean {
    this._connection?.eof();
    return false;
  }

  connectionLost(): void {
    this._connection?.eof();
  }

  pauseWriting(): void {
    // A script is a fixed number of bytes.
  }

  resumeWriting(): void {
    // As above.
  }
}

/** A script goes on when its client has gone: what it says then is dropped, as a kernel does. */
function sinkOf(transport: Transport): ScriptSink {
  return {
    write: (chunk) => {
      if (!transport.isClosing) transport.write(chunk);
    },
    close: () => {
      transport.close();
    },
    abort: () => {
      transport.abort();
    },
  };
}
