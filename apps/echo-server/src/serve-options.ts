import type { Endpoint, LimitOptions, ListenOptions } from '@millrace/loop-policy';

/** What every style of server takes. */
export interface ServeOptions extends ListenOptions {
  readonly endpoint: Endpoint;
  readonly limits: LimitOptions;
}
