import { randomUUID } from 'node:crypto';
import { type Dispatcher, request } from 'undici';
import * as z from 'zod';
import type { Issuer } from '#local/aws/sts/issuer.ts';

/** A server with KV version 2 at `secret/`: the simulator, or a released OpenBao. */
export interface Server {
  /** Without a trailing slash and without `/v1`. */
  readonly url: string;
  readonly rootToken: string;
  /** Trusts the certificate of the server. */
  readonly dispatcher?: Dispatcher;
}

export interface Answer {
  readonly status: number;
  /** JSON, or `''` without a body. */
  readonly body: unknown;
}

interface CallOptions {
  /** JSON, or the exact text. */
  readonly body?: unknown;
  /** Default: the root token. `none` sends no token. */
  readonly token?: string;
  readonly namespace?: string;
  readonly contentType?: string;
}

/** Fixture of a row: calls of a server, and a name that no other row uses. */
export interface Bench {
  readonly name: string;
  /** Issuer of web identity tokens, as the local STS uses it. */
  readonly issuer: Issuer;
  /** Performs a call. `path` is below `/v1/`. */
  call(method: Dispatcher.HttpMethod, path: string, options?: CallOptions): Promise<Answer>;
  /** Performs a call of the administrator. @throws unless it succeeds. */
  admin(path: string, body: unknown, namespace?: string): Promise<void>;
  /** Merges into a document, as the content type demands. */
  patch(path: string, body: unknown, token?: string): Promise<Answer>;
  /** Creates a token with these rights, in the form of HCL, and without the default policy. */
  tokenWith(policy: string): Promise<string>;
}

const MERGE = 'application/merge-patch+json';
const tokenSchema = z.object({ auth: z.object({ client_token: z.string() }) });

export const createBench = ({ url, rootToken, dispatcher }: Server, issuer: Issuer): Bench => {
  const name = randomUUID();
  const call: Bench['call'] = async (method, path, { body, token = rootToken, namespace, contentType } = {}) => {
    const answer = await request(`${url}/v1/${path}`, {
      method,
      ...(dispatcher && { dispatcher }),
      headers: {
        ...(token !== 'none' && { 'x-vault-token': token }),
        ...(namespace !== undefined && { 'x-vault-namespace': namespace }),
        ...(body !== undefined && { 'content-type': contentType ?? 'application/json' }),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, body: text === '' ? '' : JSON.parse(text) };
  };
  const admin: Bench['admin'] = async (path, body, namespace) => {
    const answer = await call('POST', path, { body, ...(namespace !== undefined && { namespace }) });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  };
  return {
    name,
    issuer,
    call,
    admin,
    patch: (path, body, token = rootToken) => call('PATCH', path, { body, token, contentType: MERGE }),
    async tokenWith(policy) {
      const policyName = randomUUID();
      await admin(`sys/policies/acl/${policyName}`, { policy });
      const { body } = await call('POST', 'auth/token/create', {
        body: { policies: [policyName], no_default_policy: true },
      });
      return tokenSchema.parse(body).auth.client_token;
    },
  };
};
