/** Somebody's attempt to connect, to be disturbed. */
export class SimConnect {
  /** The host that connects. */
  readonly client: string;
  /** The host that is connected to. */
  readonly server: string;
  /** Where: a port, or the path of a unix socket. */
  readonly endpoint: number | string;
  private _fate: 'refused' | 'hanging' | undefined;

  /** @internal */
  constructor(client: string, server: string, endpoint: number | string) {
    this.client = client;
    this.server = server;
    this.endpoint = endpoint;
  }

  /** @internal What was decided on. */
  get fate(): 'refused' | 'hanging' | undefined {
    return this._fate;
  }

  /** Has it refused, as if nobody listened there. */
  refuse(): void {
    this._fate = 'refused';
  }

  /** Leaves it without an answer, until whoever connects loses patience, or their system does after 127 seconds. */
  hang(): void {
    this._fate = 'hanging';
  }
}
