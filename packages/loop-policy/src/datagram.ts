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
  /** Where to receive; port 0 takes a free port. Default: a free port on all addresses of `family`. */
  readonly local?: DatagramAddress | undefined;
  /** Whom to talk to, and to nobody else; makes `to` of `send` optional, and reports refusals. */
  readonly remote?: DatagramAddress | undefined;
  /** 4 or 6. Default: as the addresses given, else as what the names resolve to, else 4. */
  readonly family?: 4 | 6 | undefined;
  /** Take an address that another socket has, for multicast (SO_REUSEADDR). Default false. */
  readonly reuseAddress?: boolean | undefined;
  /** Share the port, the system spreads the datagrams (SO_REUSEPORT; Node 22.12 or newer). Default false. */
  readonly reusePort?: boolean | undefined;
  /** Receive over IPv6 only, also on the address `::`. Default false. */
  readonly ipv6Only?: boolean | undefined;
  /** Allow sending to broadcast addresses. Default false. */
  readonly broadcast?: boolean | undefined;
  /** Of the system's buffers, in bytes; the system may round and limit it. Default: the system's. */
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
   * @param from - Who sent it; may be sent to, for an answer.
   */
  datagramReceived(data: Uint8Array, from: DatagramAddress): void;
  /**
   * A datagram could not be sent, or was refused by the remote end; the transport goes on.
   *
   * @param error - The system's, with its `code`: `ENOTFOUND` for a name, `EMSGSIZE` for a datagram that is too long for
   * the way, `ECONNREFUSED` where nobody receives (told to transports with a `remote` alone).
   */
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
   * Sends one datagram, without waiting for anything. Datagrams leave in the order of the calls: one to a name holds up
   * those after it until the name is looked up. Errors of the network go to `errorReceived`.
   *
   * @param data - 0 to 65507 bytes, to 65527 over IPv6; more than about 1200 may be cut up or lost on the way.
   * @param to - Needed unless the transport has a `remote`, and refused if it has.
   * @throws {TransportClosedError} After `close()`, `abort()` or the loss of the socket.
   * @throws {TypeError} If `to` is missing or too many, or of the other family; {RangeError} if the datagram is too long
   * or the port is not from 1 to 65535. Nothing is sent.
   * @remarks
   * Lifetime: the bytes are the transport's until they are sent; a view of what is being received may be sent.
   * Reentrancy: may call `pauseWriting` before it returns.
   */
  send(data: Uint8Array, to?: DatagramAddress): void;
  /** Sends what is queued, then `connectionLost(null)`; nothing is received meanwhile, and no error told. */
  close(): void;
  /** Ends now: discards what is queued, then `connectionLost(error)`, not inside this call. */
  abort(error?: Error): void;
  /**
   * Receives what is sent to a multicast group, on the interface with this address or on the system's choice.
   *
   * @throws The system's error: the group is no multicast address, or was joined before, or there is no such interface.
   */
  joinGroup(group: string, interfaceAddress?: string): void;
  /** Undoes {@link joinGroup}. */
  leaveGroup(group: string, interfaceAddress?: string): void;
  /**
   * Sends to multicast groups through the interface with this address (`::%eth1` with IPv6). Default: the system's choice.
   *
   * @throws The system's error, if there is no such interface.
   */
  setMulticastInterface(interfaceAddress: string): void;
  /** How many routers a datagram may pass: 1 to 255, for multicast 0 to 255. */
  setTimeToLive(options: { readonly unicast?: number | undefined; readonly multicast?: number | undefined }): void;
  /** Whether multicast datagrams that are sent here come back to receivers on this machine. Default true. */
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
