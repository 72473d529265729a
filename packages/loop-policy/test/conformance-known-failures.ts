const { bun, deno } = process.versions as Partial<Record<string, string>>;

/** The runtime at hand, by its title in `packages/tooling/src/runtimes.mjs`. */
export const runtime: 'Node' | 'Bun' | 'Deno' = bun !== undefined ? 'Bun' : deno !== undefined ? 'Deno' : 'Node';

/** Why the node loop cannot keep a promise on a runtime: what its `node:net`, `node:tls` or `node:dgram` does otherwise. */
interface KnownFailure {
  readonly reason: string;
  /** Names of cases that always fail: one that passes is taken off the list. */
  readonly cases: readonly string[];
  /** Names of cases that fail now and then, by chance. */
  readonly sometimes?: readonly string[];
}

const all: Readonly<Record<typeof runtime, readonly KnownFailure[]>> = {
  Node: [],
  Bun: [
    {
      reason: 'setMulticastTTL(0) is refused with EINVAL',
      cases: ['UDP: a time to live of 0 is allowed for multicast, which then stays on this machine'],
    },
  ],
  Deno: [
    {
      reason: 'ipv6Only is ignored by listen()',
      cases: ['server: ipv6Only on :: leaves the same port of IPv4 free'],
    },
    {
      reason: 'createSecureContext() does not look at what it is given',
      cases: ['TLS: options that cannot work are refused before anything is opened'],
    },
    {
      reason: 'a TLS socket reads on while it is paused, and tells neither how much waits nor of a reset',
      cases: [
        'TLS from the start: the client gets nothing while it pauses reading, and everything after it',
        'TLS from the start: the server gets nothing while it pauses reading, and everything after it',
        'TLS from the start: abort(error) of the server ends both sides, ours with the error, theirs with another',
      ],
      sometimes: ['TLS from the start: writing is paused while the peer does not read, and chunks come back once each'],
    },
    {
      reason: 'the handshake of a connection that was accepted in the clear does not end',
      cases: [
        'TLS after startTls: bytes arrive as they were sent, both ways at once',
        'TLS after startTls: a protocol with a buffer of its own gets the bytes there',
        'TLS after startTls: an echo by views of the borrowed chunks is exact',
        'TLS after startTls: the client gets nothing while it pauses reading, and everything after it',
        'TLS after startTls: the server gets nothing while it pauses reading, and everything after it',
        'TLS after startTls: after our end of data the peer may go on',
        'TLS after startTls: close() sends everything first',
        'TLS after startTls: abort(error) of the server ends both sides, ours with the error, theirs with another',
        'TLS after startTls: abort(error) of the client ends both sides, ours with the error',
        'TLS after startTls: writing is paused while the peer does not read, and chunks come back once each',
        'startTls: the transport stays the same, and says what was agreed on',
        'startTls: called in the callback that wrote the answer, the answer leaves in the clear, what follows does not',
        'startTls: the client is told of data and of the end only after those who awaited it have run',
        'startTls: the server is told of data and of the end only after those who awaited it have run',
        'startTls: reading that is paused before or meanwhile stays paused',
        'startTls: end of data and close() that are asked for meanwhile come after what was written, encrypted',
        'startTls: a transport that speaks TLS, or changes to it, or is closing, refuses and stays as it is',
        'startTls: the protocol may be changed meanwhile',
        'startTls: bytes in the clear instead of a handshake lose the connection',
        'startTls: a certificate that is not good loses the connection on both sides',
        'startTls: a later failure of one connection leaves the others alone',
      ],
    },
    {
      reason: 'datagrams that are sent at once overtake each other',
      cases: [
        'UDP: what is being received may be sent back to its sender',
        'UDP: datagrams are neither joined nor cut, and keep their order',
        'UDP: an empty datagram arrives, also before close()',
        'UDP: send, close and abort may be called inside every callback',
        'UDP: close() inside datagramReceived brings no more datagrams',
      ],
      sometimes: ['UDP: a name is looked up, and what is sent after it does not overtake it'],
    },
    {
      reason: 'a socket hears of no refusal',
      cases: ['UDP: a refusal by the remote host is an error that the transport survives'],
    },
    {
      reason: 'setMulticastTTL(0) is refused with EINVAL',
      cases: ['UDP: a time to live of 0 is allowed for multicast, which then stays on this machine'],
    },
    {
      reason: 'a closed socket keeps its port for a while',
      cases: ['UDP: openDatagram() rejects with what the factory throws, and frees the port'],
    },
  ],
};

interface Known {
  readonly reason: string;
  readonly isSure: boolean;
}

/** Of the runtime at hand: the reason by the name of a case, and whether it fails each time. */
export const knownFailures: ReadonlyMap<string, Known> = new Map(
  all[runtime].flatMap(({ reason, cases, sometimes = [] }): [string, Known][] => [
    ...cases.map((name): [string, Known] => [name, { reason, isSure: true }]),
    ...sometimes.map((name): [string, Known] => [name, { reason, isSure: false }]),
  ]),
);
