import { RemoteProtocolError } from './errors.js';
import type { NegotiateProtocolVersion, ProtocolVersion } from './messages/startup.js';

/** A version that a {@link FrontendMachine} speaks. 3.1 never was. */
export type SupportedVersion = '3.0' | '3.2';

/** What the server makes of the version and the protocol options that it was asked for. */
export interface NegotiatedProtocol {
  /** The one that holds from here on. */
  readonly protocolVersion: SupportedVersion;
  /** Protocol options (`_pq_.…`) that the server does not know, and ignores. */
  readonly unsupportedOptions: readonly string[];
}

/** In protocol 3.0 it is an int32; in 3.2 it is what BackendKeyData may hold. */
const SECRET_KEY_BYTES = 4;

/** The numbers on the wire of each version. */
const VERSIONS: Readonly<Record<SupportedVersion, ProtocolVersion>> = {
  '3.0': { major: 3, minor: 0 },
  '3.2': { major: 3, minor: 2 },
};

/**
 * Returns the numbers of a version.
 *
 * @throws {RangeError} For a version that this machine does not speak.
 */
export function versionNumbers(version: SupportedVersion): ProtocolVersion {
  if (!Object.hasOwn(VERSIONS, version)) {
    throw new RangeError(
      `protocolVersion must be ${Object.keys(VERSIONS).join(' or ')}, got ${JSON.stringify(version)}`,
    );
  }
  return VERSIONS[version];
}

/** Which version is spoken: the one that was asked for, until the server says that it knows only an older one. */
export class ProtocolNegotiation {
  #version: SupportedVersion;
  readonly #options: readonly string[];

  /** @param options - Names of the protocol options that were asked for. */
  constructor(version: SupportedVersion, options: readonly string[]) {
    this.#version = version;
    this.#options = options;
  }

  /**
   * Takes the server's answer, which may be about an older version, about options, or both.
   *
   * @throws {RemoteProtocolError} If it cannot be the answer to what was asked.
   */
  negotiate({ protocolVersion: { major, minor }, options }: NegotiateProtocolVersion): NegotiatedProtocol {
    const asked = this.#version;
    const offered = `${major}.${minor}`;
    if (!isSupported(offered)) throw new RemoteProtocolError(`the server wants protocol version ${offered}, ${KNOWN}`);
    if (minor > VERSIONS[asked].minor) {
      throw new RemoteProtocolError(
        `the server wants protocol version ${offered}, newer than ${asked}, the one asked for`,
      );
    }
    const odd = options.find((option) => !this.#options.includes(option));
    if (odd !== undefined) {
      throw new RemoteProtocolError(
        `the server refuses the protocol option ${JSON.stringify(odd)}, which was not asked for`,
      );
    }
    this.#version = offered;
    return { protocolVersion: offered, unsupportedOptions: options };
  }

  /** @throws {RemoteProtocolError} If the version has no keys of this length. */
  checkSecretKey(key: Uint8Array): void {
    if (this.#version === '3.0' && key.length !== SECRET_KEY_BYTES) {
      throw new RemoteProtocolError(
        `in protocol version 3.0 a secret key has ${SECRET_KEY_BYTES} bytes, this one has ${key.length}`,
      );
    }
  }
}

const KNOWN = `this machine speaks ${Object.keys(VERSIONS).join(' and ')}`;

function isSupported(version: string): version is SupportedVersion {
  return Object.hasOwn(VERSIONS, version);
}
