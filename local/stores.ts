import type { Document } from 'yaml';
import type { LocalAws } from './aws/aws.ts';
import type { OpenBaoSimulator } from './simulators/openbao/server.ts';

/** Stores of a local run, in the order in which `--stores` adds them: their names in relay.yaml and their settings. */
const SETTINGS = {
  aws: () => ({ type: 'aws-secrets-manager' }),
  parameters: () => ({ type: 'aws-parameter-store' }),
  openbao: (openBao) => ({
    type: 'kv-v2',
    url: openBao?.url,
    ca: OPENBAO_CA_FILE,
    folder: FOLDER,
    auth: { role: ROLE, audience: AUDIENCE },
  }),
} as const satisfies Record<string, (openBao: OpenBaoSimulator | undefined) => Readonly<Record<string, unknown>>>;

export type LocalStoreName = keyof typeof SETTINGS;
export const LOCAL_STORES: readonly LocalStoreName[] = ['aws', 'parameters', 'openbao'];

/** File with the CA of the OpenBao simulator, beside relay.yaml. */
export const OPENBAO_CA_FILE = 'openbao-ca.pem';
const FOLDER = 'pam-relay';
const ROLE = 'pam-relay';
const AUDIENCE = 'https://openbao.example.com';

/** One store of a local run, as its server sees it. */
export interface LocalStore {
  readonly store: LocalStoreName;
  /** Maximum size of a value in bytes. */
  readonly maxBytes: number;
  /** Current values of all secrets, by name. */
  values(): Readonly<Record<string, string>>;
  /** Deliveries so far, repeated ones included. */
  deliveries(): number;
  /** Calls so far, by action. */
  calls(): Readonly<Record<string, number>>;
}

/** Adds the stores to a relay.yaml, and delivers its sync to all of them. */
export const addStores = (
  config: Document,
  sync: string,
  stores: readonly LocalStoreName[],
  openBao: OpenBaoSimulator | undefined,
): void => {
  for (const store of stores) {
    if (config.hasIn(['stores', store])) continue;
    config.setIn(['stores', store], config.createNode(SETTINGS[store](openBao)));
  }
  config.setIn(['syncs', sync, 'stores'], config.createNode(stores));
};

/** Policy of `docs/stores/kv-v2.md`, for the folder of the relay. */
const POLICY = `
path "secret/data/${FOLDER}/*"              { capabilities = ["create", "update", "read"] }
path "secret/metadata/${FOLDER}/*"          { capabilities = ["create", "update", "patch", "read", "list", "delete"] }
path "secret/delete/${FOLDER}/*"            { capabilities = ["create", "update"] }
path "secret/detailed-metadata/${FOLDER}/*" { capabilities = ["scan"] }
`;

/** Lets the functions of the stack sign in to OpenBao with tokens of the local STS. */
export const trustFunctions = async (openBao: OpenBaoSimulator, aws: LocalAws): Promise<void> => {
  const { url: issuer } = aws.federation.issuer;
  await openBao.write('sys/auth/jwt', { type: 'jwt' });
  await openBao.write('auth/jwt/config', { oidc_discovery_url: issuer, bound_issuer: issuer });
  await openBao.write('sys/policies/acl/pam-relay', { policy: POLICY });
  await openBao.write(`auth/jwt/role/${ROLE}`, {
    role_type: 'jwt',
    user_claim: 'sub',
    bound_audiences: [AUDIENCE],
    bound_claims_type: 'glob',
    bound_claims: { sub: 'arn:aws:iam::*:role/*' },
    token_policies: ['pam-relay'],
    token_type: 'batch',
    token_ttl: '15m',
  });
};

/** The views of the stores. In Secrets Manager, only secrets with the prefix count as deliveries. */
export const viewStores = (
  stores: readonly LocalStoreName[],
  prefix: string,
  { secretsManager, parameterStore }: LocalAws,
  openBao: OpenBaoSimulator | undefined,
): LocalStore[] => {
  const views: Readonly<Record<LocalStoreName, Omit<LocalStore, 'store'>>> = {
    aws: {
      maxBytes: 65_536,
      values: secretsManager.currentValues,
      deliveries: () =>
        Object.keys(secretsManager.currentValues())
          .filter((name) => name.startsWith(prefix))
          .reduce((total, name) => total + secretsManager.promotions(name).length, 0),
      calls: secretsManager.callCounts,
    },
    parameters: {
      maxBytes: 4096,
      values: () =>
        Object.fromEntries(
          Object.entries(parameterStore.currentValues()).map(([name, value]) => [name.replace(/^\//, ''), value]),
        ),
      deliveries: () =>
        parameterStore.calls.filter(({ action, result }) => action === 'PutParameter' && result === 'ok').length,
      calls: parameterStore.callCounts,
    },
    openbao: {
      maxBytes: 1_048_576,
      values: () =>
        Object.fromEntries(
          Object.entries(openBao?.currentValues() ?? {}).map(([path, fields]) => [
            path.slice(FOLDER.length + 1),
            JSON.stringify(fields),
          ]),
        ),
      deliveries: () =>
        (openBao?.audit ?? []).filter(
          ({ operation, path, status }) => operation === 'update' && path.startsWith('secret/data/') && status < 300,
        ).length,
      calls: () => countBy((openBao?.audit ?? []).map(({ operation, path }) => `${operation} ${kindOf(path)}`)),
    },
  };
  return stores.map((store) => ({ store, ...views[store] }));
};

const countBy = (keys: readonly string[]): Record<string, number> =>
  Object.fromEntries([...Map.groupBy(keys, (key) => key)].map(([key, all]) => [key, all.length]));

/** Part of a path that names the kind of call, such as `data` in `secret/data/pam-relay/fleet`. */
const kindOf = (path: string): string => path.split('/').slice(1, 2).join();
