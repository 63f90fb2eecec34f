import { type WebIdentityTokens, webIdentityPermission } from '#shared/aws/web-identity-token.ts';
import type { RequestHeaders } from '#shared/http/request.ts';
import { createKvApi, type KvApi } from '#shared/stores/kv-v2/api.ts';
import { kvRules } from '#shared/stores/kv-v2/rules.ts';
import { type KvSettings, kvSettings } from '#shared/stores/kv-v2/settings.ts';
import { createSignIn } from '#shared/stores/kv-v2/sign-in.ts';
import { createKvStore } from '#shared/stores/kv-v2/store.ts';
import type { StoreContext, StoreType } from '#shared/stores/store.ts';

/** Address, namespace and mount. A namespace and a mount in it have one path together. */
const placeOf = ({ url, namespace, mount }: KvSettings): string => {
  const { host, pathname } = new URL(url);
  // A dot at the end of a host name changes nothing.
  const address = `${host.replace(/\.(?=:|$)/, '')}${pathname}`.replace(/\/+$/, '');
  // The server takes this name for no namespace.
  const inNamespace = namespace === 'root' ? undefined : namespace;
  return ['kv-v2', address, inNamespace, mount].filter((part) => part !== undefined).join('/');
};

/** Calls of a process by its tokens and by the settings, so that all owners share a sign-in and its limits. */
const connected = new WeakMap<WebIdentityTokens, Map<string, KvApi>>();

const apiOf = (settings: KvSettings, { connect, tokens }: Pick<StoreContext, 'connect' | 'tokens'>): KvApi => {
  const apis = connected.get(tokens) ?? new Map<string, KvApi>();
  connected.set(tokens, apis);
  const key = JSON.stringify(settings);
  const api = apis.get(key) ?? createApi(settings, { connect, tokens });
  apis.set(key, api);
  return api;
};

const createApi = (settings: KvSettings, { connect, tokens }: Pick<StoreContext, 'connect' | 'tokens'>): KvApi => {
  const { url, ca, limits, namespace, auth } = settings;
  const http = connect({ url, ca, limits });
  const headers: RequestHeaders = namespace === undefined ? {} : { 'X-Vault-Namespace': namespace };
  const common = { http, headers, now: Date.now };
  const signIn = createSignIn({ ...common, tokens, auth });
  return createKvApi({ ...common, signIn, settings });
};

/** Version 2 of the key-value store of OpenBao or HashiCorp Vault. */
export const kvV2: StoreType<typeof kvSettings> = {
  settings: kvSettings,
  rules: kvRules,
  place: placeOf,
  folder: ({ folder }) => folder,
  // Announce, write, confirm. A new secret is claimed by the announcement.
  pacing: ({ writesPerSecond }) =>
    writesPerSecond === 'unlimited' ? undefined : { perSecond: writesPerSecond, create: 3, replace: 3 },
  connect: (settings, context) =>
    createKvStore({ api: apiOf(settings, context), owner: context.owner, settings, pace: context.pace }),
  // The server decides about the secrets. AWS only issues the token for it.
  grants: ({ auth }, use, { prefixes }) =>
    use === 'list' || prefixes.length > 0 ? [webIdentityPermission(auth.audience)] : [],
};
