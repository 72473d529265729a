import type { Loop } from './loop.js';
import type { WriteWatermarks } from './transport.js';

/** One end of datagrams. */
export interface DatagramAddress {
  /** An address; in what is sent to, also a name, which is looked up each time. */
  readonly host: string;
  readonly port: number;
}

/** Options of {@link Loop.openDatagram}, besides how long it may take. */
export interface DatagramOptions {
  /** Where to receive. Default: a free port on all addresses of `family`. */
  readonly local?: DatagramAddress | undefined;
  /** Whom to talk to, and to nobody else; makes `to` of `send` optional, and reports refusals. */
  readonly remote?: DatagramAddress | undefined;
  /** 4 or 6. Default: as the addresses given, else 4. */
  readonly family?: 4 | 6 | undefined;
  /** Take an address that another socket has, for multicast (SO_REUSEADDR). Default false. */
  readonly reuseAddress?: boolean | undefined;
  /** Share the port, the system spreads the datagrams (SO_REUSEPORT). Default false. */
  readonly reusePort?: boolean | undefined;
  readonly ipv6Only?: boolean | undefined;
  /** Allow sending to broadcast addresses. Default false. */
  readonly broadcast?: boolean | undefined;
  /** Of the system's buffers, in bytes. Default: the system's. */
  readonly receiveBufferBytes?: number | undefined;
  readonly sendBufferBytes?: number | undefined;
  readonly watermarks?: WriteWatermarks | undefined;
}

/** Owns the meaning of datagrams. What it throws ends its transport, and is reported to `onUncaught`. */
export interface DatagramProtocol {
  /** The socket is bound. Runs before `openDatagram()` resolves. */
  connectionMade(transport: DatagramTransport): void;
  /**
   * A datagram arrived, whole.
   *
   * @param data - Borrowed: valid until this call returns. May be empty.
   */
  datagramReceived(data: Uint8Array, from: DatagramAddress): void;
  /** A datagram could not be sent, or was refused by the remote end; the transport goes on. */
  errorReceived(error: Error): void;
  /** More than `highWaterBytes` wait to be sent: stop sending for now. */
  pauseWriting(): void;
  /** `lowWaterBytes` or fewer wait to be sent: go on. */
  resumeWriting(): void;
  /** The socket is closed; the last callback, and it comes exactly once. */
  connectionLost(error: Error | null): void;
}

/** Sends and receives datagrams through one socket. */
export interface DatagramTransport {
  /**
   * Sends one datagram, without waiting for anything.
   *
   * @param to - Needed unless the transport has a `remote`, and refused if it has.
   * @throws {TransportClosedError} After `close()`, `abort()` or the loss of the socket.
   * @throws {TypeError} If `to` is missing or too many; {RangeError} if the datagram is longer than 65507 bytes (IPv4).
   * @remarks Lifetime: the bytes are the transport's until they are sent. Errors of the network go to `errorReceived`.
   */
  send(data: Uint8Array, to?: DatagramAddress): void;
  /** Sends what is queued, then `connectionLost(null)`. */
  close(): void;
  /** Ends now: discards what is queued, then `connectionLost(error)`, not inside this call. */
  abort(error?: Error): void;
  /** Receives what is sent to a multicast group, on the interface with this address or on the system's choice. */
  joinGroup(group: string, interfaceAddress?: string): void;
  /** Undoes {@link joinGroup}. */
  leaveGroup(group: string, interfaceAddress?: string): void;
  /** How many routers a datagram may pass: 1 to 255, for multicast 0 to 255. */
  setTimeToLive(options: { readonly unicast?: number | undefined; readonly multicast?: number | undefined }): void;
  /** Whether our own multicast datagrams come back. Default true. */
  setMulticastLoopback(isOn: boolean): void;
  setWriteWatermarks(watermarks: WriteWatermarks): void;
  readonly localAddress: DatagramAddress;
  readonly remoteAddress: DatagramAddress | undefined;
  /** Bytes that wait to be sent. */
  readonly bufferedBytes: number;
  readonly isClosing: boolean;
  readonly loop: Loop;
  ref(): void;
  unref(): void;
}
