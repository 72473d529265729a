import { startServer } from '@millrace/pgserver';
import { WireSession } from './wire-session.mjs';

export const MAJORS = [18, 13];

const HBA = [
  'host all wants_cleartext 127.0.0.1/32 password',
  'host all wants_md5 127.0.0.1/32 md5',
  'host all wants_scram 127.0.0.1/32 scram-sha-256',
  'host all all 127.0.0.1/32 trust',
  'host replication all 127.0.0.1/32 trust',
];
const SETTINGS = { wal_level: 'logical', max_wal_senders: '4', max_replication_slots: '4' };
const USERS = `
  SET password_encryption = 'md5'; CREATE ROLE wants_md5 LOGIN PASSWORD 'secret';
  SET password_encryption = 'scram-sha-256';
  CREATE ROLE wants_scram LOGIN PASSWORD 'secret'; CREATE ROLE wants_cleartext LOGIN PASSWORD 'secret';`;

/** Starts a server of each version, with users that are asked for passwords; by major version. */
export async function startServers(encoders) {
  const servers = {};
  for (const major of MAJORS) {
    servers[major] = await startServer({ major, hba: HBA, settings: SETTINGS });
    const session = new WireSession(servers[major].port, encoders);
    session.send(['StartupMessage', { major: 3, minor: 0 }, [['user', 'postgres']]]);
    await session.until('Z');
    session.send(['Query', USERS]);
    await session.until('Z');
    session.send(['Terminate']);
    await session.ended();
    servers[major].version = /PostgreSQL (\d+\.\d+)/.exec(servers[major].log())[1];
  }
  return servers;
}
