/** The PG* variables that fill in what options and URL leave out, and the name of the user who runs the process. */
export interface Environment {
  readonly host: string | undefined;
  readonly port: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
  readonly applicationName: string | undefined;
  readonly options: string | undefined;
  readonly connectTimeout: string | undefined;
  readonly sslmode: string | undefined;
  readonly systemUser: string | undefined;
}

interface HostProcess {
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Reads the environment, where the host has one.
 *
 * @see {@link https://www.postgresql.org/docs/current/libpq-envars.html | libpq, Environment Variables}
 */
export function readEnvironment(): Environment {
  const env = (globalThis as { process?: HostProcess | undefined }).process?.env ?? {};
  // An empty variable counts as not set, as in libpq.
  const read = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  return {
    host: read('PGHOST'),
    port: read('PGPORT'),
    user: read('PGUSER'),
    password: read('PGPASSWORD'),
    database: read('PGDATABASE'),
    applicationName: read('PGAPPNAME'),
    options: read('PGOPTIONS'),
    connectTimeout: read('PGCONNECT_TIMEOUT'),
    sslmode: read('PGSSLMODE'),
    systemUser: read('USER') ?? read('LOGNAME') ?? read('USERNAME'),
  };
}
