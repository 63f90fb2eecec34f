import { createHash } from 'node:crypto';

/** The principals of access keys. On this machine, each access key id is the name of a role and of its session. */

/** The unique id of a role, as `GetRole` returns it. */
export const roleIdOf = (name: string): string =>
  `AROA${createHash('sha256').update(name).digest('hex').slice(0, 17).toUpperCase()}`;

/** The `SenderId` of a message. Source: SQS API reference, ReceiveMessage, `SenderId`. */
export const senderIdOf = (name: string): string => `${roleIdOf(name)}:${name}`;
