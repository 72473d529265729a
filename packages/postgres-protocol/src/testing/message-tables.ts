import * as authentication from '../messages/authentication.js';
import * as copy from '../messages/copy.js';
import * as extendedQuery from '../messages/extended-query.js';
import * as functionCall from '../messages/function-call.js';
import * as notices from '../messages/notices.js';
import * as simpleQuery from '../messages/simple-query.js';
import * as startup from '../messages/startup.js';

/** Every `encode…` and `decode…` of the wire, by its name. */
export type MessageTables = typeof authentication &
  typeof copy &
  typeof extendedQuery &
  typeof functionCall &
  typeof notices &
  typeof simpleQuery &
  typeof startup;

/** See {@link MessageTables}. */
export const MESSAGES: MessageTables = {
  ...authentication,
  ...copy,
  ...extendedQuery,
  ...functionCall,
  ...notices,
  ...simpleQuery,
  ...startup,
};
