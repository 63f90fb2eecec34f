import { readFileSync } from 'node:fs';
import type { Dispatcher } from 'undici';
import * as z from 'zod';
import { RelayError } from '#shared/errors.ts';
import { type Call, createHttp, type Http } from '#shared/http/http.ts';
import { jsonBody } from '#shared/http/request.ts';
import { OWNER_TAG } from '#shared/names.ts';
import { Secret } from '#shared/secret.ts';
import { createKvApi } from '#shared/stores/kv-v2/api.ts';
import { encodePath } from '#shared/stores/kv-v2/path.ts';
import { kvRules } from '#shared/stores/kv-v2/rules.ts';
import { kvSettings } from '#shared/stores/kv-v2/settings.ts';
import { createSignIn } from '#shared/stores/kv-v2/sign-in.ts';
import { createKvStore } from '#shared/stores/kv-v2/store.ts';
import { createIssuer } from '#test/support/web-identity.ts';
import { CANARY, type StoreBench } from './store-scene.ts';

/** A server of the store suite. */
export interface KvServer {
  readonly url: string;
  readonly caPem?: string;
  /** Makes the calls instead of a connection to the url. */
  readonly dispatcher?: Dispatcher;
  readonly rootToken: string;
  close(): Promise<void>;
}

const LIMITS = { inFlight: 16, perSecond: 100_000, timeoutSeconds: 10 };

/** The parts of all answers that tests read. */
const adminSchema = z.object({
  data: z
    .object({
      data: z.record(z.string(), z.unknown()).nullish(),
      versions: z.record(z.string(), z.unknown()).optional(),
      custom_metadata: z.record(z.string(), z.string()).nullish(),
    })
    .nullish(),
});

interface AdminAnswer {
  readonly status: number;
  readonly text: string;
  readonly body: z.output<typeof adminSchema>;
}

const connectTo = ({ url, caPem, dispatcher }: Pick<KvServer, 'url' | 'caPem' | 'dispatcher'>): Http =>
  createHttp({
    connection: 'store openbao',
    side: 'store',
    url,
    ca: caPem,
    limits: LIMITS,
    sleep: async () => {},
    ...(dispatcher && { dispatcher }),
  });

/** Makes a call with all rights. */
export type Admin = (method: Call<unknown>['method'], path: string, content?: unknown) => Promise<AdminAnswer>;

export const createAdmin = ({ rootToken, ...server }: KvServer): Admin => {
  const http = connectTo(server);
  return async (method, path, content) => {
    const [bare = '', search = ''] = path.split('?');
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const { status, value } = await http.send({
      method,
      path: `v1/${bare}`,
      query: Object.fromEntries(new URLSearchParams(search)),
      headers: { 'X-Vault-Token': new Secret(rootToken) },
      ...(content !== undefined && { body: { ...jsonBody(content), contentType } }),
      idempotent: true,
      interpret: () => undefined,
      read: ({ text }) => text,
    });
    return { status, text: value, body: adminSchema.parse(value === '' ? {} : JSON.parse(value)) };
  };
};

const MOUNT = 'secret';
const FOLDER = 'pam-relay';
const AUDIENCE = 'https://openbao.example.com';
const ROLE_ARN = 'arn:aws:iam::111122223333:role/pam-relay-SyncRetrieve-1A2B';

const page = readFileSync(new URL('../../../docs/stores/kv-v2.md', import.meta.url), 'utf8');
const shown = (pattern: RegExp): string => pattern.exec(page)?.[1] ?? '';

/** The policy that the page shows. */
export const POLICY = shown(/^```hcl\n([\s\S]*?)^```/m);

/** The role that the page shows. */
const ROLE = z.record(z.string(), z.unknown()).parse(JSON.parse(shown(/<<'JSON'\n([\s\S]*?)^JSON/m)));

export type Issuer = ReturnType<typeof createIssuer>;

/** Enables the sign-in for an issuer, as `docs/stores/kv-v2.md` describes it. */
export const enableSignIn = async (admin: Admin, { publicKeyPem, issuer }: Issuer, policy = POLICY): Promise<void> => {
  const steps: readonly (readonly [path: string, content: unknown])[] = [
    ['sys/auth/jwt', { type: 'jwt' }],
    ['auth/jwt/config', { jwt_validation_pubkeys: [publicKeyPem], bound_issuer: issuer }],
    ['sys/policies/acl/pam-relay', { policy }],
    ['auth/jwt/role/pam-relay', ROLE],
  ];
  for (const [path, content] of steps) {
    const { status, text } = await admin('POST', path, content);
    if (status >= 300) throw new Error(`${path} was answered with ${status}: ${text}`);
  }
};

export interface KvConnection {
  readonly server: Pick<KvServer, 'url' | 'caPem' | 'dispatcher'>;
  readonly issuer: Issuer;
  /** ARN of the role that signs in. */
  readonly subject?: string;
  /** Changes of the settings. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly wrap?: (http: Http) => Http;
}

/** Connects like `type.ts`. Waits before repeated calls take no time. */
export const connectKv = ({ server, issuer, subject = ROLE_ARN, settings: changes, wrap }: KvConnection) => {
  const auth = { role: 'pam-relay', audience: AUDIENCE };
  const settings = kvSettings.parse({ type: 'kv-v2', url: 'https://unused', folder: FOLDER, auth, ...changes });
  const direct = connectTo(server);
  const http = wrap?.(direct) ?? direct;
  const common = { http, headers: {}, now: Date.now };
  const signIn = createSignIn({ ...common, tokens: issuer.tokensFor(subject), auth: settings.auth });
  const api = createKvApi({ ...common, signIn, settings });
  return {
    storeOf: (owner: string) => createKvStore({ api, owner, settings, pace: undefined }),
    close: () => direct.close(),
  };
};

const garble = <T>(call: Call<T>): Call<T> =>
  call.body === undefined
    ? call
    : { ...call, body: { ...call.body, text: call.body.text.map((text) => text.replaceAll(CANARY, 'garbled')) } };

/** The store on a server that is used by nothing else. */
export const kvBench = (start: () => Promise<KvServer>): StoreBench => ({
  rules: kvRules,
  async open() {
    const server = await start();
    const admin = createAdmin(server);
    const issuer = createIssuer();
    await enableSignIn(admin, issuer);
    const { storeOf, close } = connectKv({ server, issuer });
    const connectWith = (wrap: (http: Http) => Http) => connectKv({ server, issuer, wrap }).storeOf;
    const path = (kind: string, name: string) => `${MOUNT}/${kind}/${FOLDER}/${encodePath(name)}`;
    const readValue = async (name: string, version?: number): Promise<string | undefined> => {
      const query = version === undefined ? '' : `?version=${version}`;
      const value = (await admin('GET', path('data', name) + query)).body.data?.data?.['value'];
      return typeof value === 'string' ? value : undefined;
    };
    return {
      connect: storeOf,
      connectThrough: (owner, around) =>
        connectWith((http) => ({ ...http, send: (call) => around(() => http.send(call)) }))(owner),
      connectGarbled: connectWith((http) => ({ ...http, send: (call) => http.send(garble(call)) })),
      unanswered: () => new RelayError('StoreUnavailable', 'store openbao: the connection broke.'),
      makeForeign: async (name, value) => void (await admin('POST', path('data', name), { data: { value } })),
      adopt: async (name, owner) =>
        void (await admin('PATCH', path('metadata', name), { custom_metadata: { [OWNER_TAG]: owner } })),
      valueOf: (name) => readValue(name),
      async readable(name) {
        const { body } = await admin('GET', path('metadata', name));
        const versions = Object.keys(body.data?.versions ?? {}).map(Number);
        await admin('POST', path('undelete', name), { versions });
        const values = await Promise.all(versions.map((version) => readValue(name, version)));
        return values.filter((value) => value !== undefined);
      },
      everythingVisible: async () => (await admin('GET', `${MOUNT}/detailed-metadata/?scan=true`)).text,
      async close() {
        await close();
        await server.close();
      },
    };
  },
});
