import { createHash } from 'node:crypto';

/** Who is behind an access key. On this machine each is a role of the same name, in a session of the same name. */

/** The unique id of a role, as `GetRole` tells it. */
export const roleIdOf = (name: string): string =>
  `AROA${createHash('sha256').update(name).digest('hex').slice(0, 17).toUpperCase()}`;

/** What SQS tells of who sent a message. Source: SQS API reference, ReceiveMessage, `SenderId`. */
export const senderIdOf = (name: string): string => `${roleIdOf(name)}:${name}`;
