/**
 * Whether sockets can share a port (SO_REUSEPORT). Older versions take the option and do nothing: a second socket would
 * then fail, or take the port alone.
 *
 * @param version - Node's, `22.12.0` say. Default: of the process.
 */
export function canReusePort(version: string = processVersion()): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}

function processVersion(): string {
  const { process } = globalThis as { process?: { readonly versions?: { readonly node?: string } } };
  return process?.versions?.node ?? '';
}
