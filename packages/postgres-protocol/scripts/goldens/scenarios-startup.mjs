// How sessions begin and end. Each is `{ name, begins, majors?, run }`; see record-goldens.mjs.
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

const PASSWORD = 'secret';
const NONCE = 'rOprNGfwEbeRWgbNEkqO';

export const V3_0 = { major: 3, minor: 0 };
export const V3_2 = { major: 3, minor: 2 };

/** The parameters of a StartupMessage. */
export const parametersOf = (user, ...more) => [
  ['user', user],
  ['database', 'postgres'],
  ['client_encoding', 'UTF8'],
  ['application_name', 'goldens'],
  ...more,
];

const startup = (name, run) => ({ name, begins: 'startup', run });

export const STARTUPS = [
  startup('trust, and Terminate', async (session) => {
    session.send(['StartupMessage', V3_0, parametersOf('postgres')]);
    await goodbye(session);
  }),
  startup('cleartext password', async (session) => {
    session.send(['StartupMessage', V3_0, parametersOf('wants_cleartext')]);
    await session.until('R');
    session.send(['PasswordMessage', PASSWORD]);
    await goodbye(session);
  }),
  startup('MD5 password', async (session) => {
    session.send(['StartupMessage', V3_0, parametersOf('wants_md5')]);
    const salt = (await session.until('R')).subarray(4);
    session.send(['PasswordMessage', `md5${md5(md5(`${PASSWORD}wants_md5`), salt)}`]);
    await goodbye(session);
  }),
  startup('SCRAM-SHA-256', async (session) => {
    await answerScram(session, PASSWORD);
    await goodbye(session);
  }),
  startup('SCRAM-SHA-256 with a wrong password', async (session) => {
    await answerScram(session, 'wrong');
    await session.until('E');
    await session.ended();
  }),
  startup('a database that is not there', async (session) => {
    const parameters = parametersOf('postgres').map(([name, value]) => [name, name === 'database' ? 'missing' : value]);
    session.send(['StartupMessage', V3_0, parameters]);
    await session.until('E');
    await session.ended();
  }),
  startup('SSLRequest and GSSENCRequest declined', async (session) => {
    await session.request('SSLRequest');
    await session.request('GSSENCRequest');
    session.send(['StartupMessage', V3_0, parametersOf('postgres')]);
    await goodbye(session);
  }),
  startup('protocol 3.2', async (session) => {
    session.send(['StartupMessage', V3_2, parametersOf('postgres')]);
    await goodbye(session);
  }),
  startup('protocol 3.2 with options that the server does not know', async (session) => {
    const parameters = parametersOf('postgres', ['_pq_.first', 'on'], ['_pq_.second', '']);
    session.send(['StartupMessage', V3_2, parameters]);
    await goodbye(session);
  }),
];

export async function goodbye(session) {
  await session.until('Z');
  session.send(['Terminate']);
  await session.ended();
}

async function answerScram(session, password) {
  session.send(['StartupMessage', V3_0, parametersOf('wants_scram')]);
  await session.until('R');
  const clientFirst = `n=,r=${NONCE}`;
  session.send(['SASLInitialResponse', 'SCRAM-SHA-256', Buffer.from(`n,,${clientFirst}`)]);
  const serverFirst = (await session.until('R')).subarray(4).toString();
  session.send(['SASLResponse', Buffer.from(clientFinal(clientFirst, serverFirst, password))]);
}

/** https://www.rfc-editor.org/rfc/rfc5802#section-3 */
function clientFinal(clientFirst, serverFirst, password) {
  const [, nonce, salt, iterations] = /^r=(.*),s=(.*),i=(\d+)$/.exec(serverFirst);
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
  const clientKey = hmac(salted, 'Client Key');
  const withoutProof = `c=biws,r=${nonce}`;
  const storedKey = createHash('sha256').update(clientKey).digest();
  const signature = hmac(storedKey, `${clientFirst},${serverFirst},${withoutProof}`);
  const proof = clientKey.map((byte, i) => byte ^ signature[i]);
  return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`;
}

const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

const md5 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('md5')).digest('hex');
