import { randomUUID } from 'node:crypto';

/** A response before it is written. `body` is a JSON value, or undefined for no body. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Ends a call with this response. */
export class Refusal extends Error {
  readonly reply: Reply;

  constructor(reply: Reply) {
    super(`status ${reply.status}`);
    this.reply = reply;
  }
}

interface Answered {
  readonly data?: unknown;
  readonly auth?: unknown;
  readonly warnings?: readonly string[];
  readonly leaseSeconds?: number;
  readonly status?: number;
}

/** The envelope of every response with content. */
export const answer = ({ data, auth, warnings, leaseSeconds, status = 200 }: Answered): Reply => ({
  status,
  body: {
    request_id: randomUUID(),
    lease_id: '',
    renewable: false,
    lease_duration: leaseSeconds ?? 0,
    data: data ?? null,
    wrap_info: null,
    warnings: warnings ?? null,
    auth: auth ?? null,
  },
});

export const NO_CONTENT: Reply = { status: 204 };

/** A missing secret, folder or version. A wrong mount or path has a text instead. */
export const ABSENT: Reply = { status: 404, body: { errors: [] } };

export const refusal = (status: number, ...errors: readonly string[]): Reply => ({ status, body: { errors } });

/** The server's text for errors that it collects. */
export const collected = (status: number, ...errors: readonly string[]): Reply => {
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`;
  return refusal(status, `${count} occurred:\n${errors.map((error) => `\t* ${error}\n`).join('')}\n`);
};

/** A missing, unknown or expired token, or a sign-in at a mount that does not exist. */
export const unauthenticated = (): Reply => refusal(403, 'permission denied');

/** A valid token without the right. */
export const denied = (): Reply => collected(403, 'permission denied');

export const unsupported = (): Reply => refusal(405, 'unsupported operation');

export const noRoute = (path: string): Reply => refusal(404, `no handler for route "${path}". route entry not found.`);

export const notWritable = (): Reply => refusal(400, "cannot write to a path ending in '/'");
