import { shellQuote } from '#shared/domain/shell.ts';
import type { ErrorName } from '#shared/errors.ts';
import { type FailedExchange, PROXY_CREDENTIALS_REJECTED } from '#shared/http/exchange.ts';
import type { HttpProxy } from '#shared/http/tunnels.ts';

/** Expected content of the secret with the credentials of a proxy. */
export const PROXY_CREDENTIALS_SHAPE = '{"username": "…", "password": "…"}';

const rejected = ({ url, credentials }: HttpProxy): string =>
  credentials === undefined
    ? `requires credentials. Create a secret bootstrap/proxy with ${PROXY_CREDENTIALS_SHAPE}, and set in relay.yaml: proxy: { url: ${url}, secret: bootstrap/proxy }`
    : `rejects the credentials in the secret ${credentials.secret}. Write ${PROXY_CREDENTIALS_SHAPE} to a file proxy.json that only you can read, run: aws secretsmanager put-secret-value --secret-id ${shellQuote(credentials.secret)} --secret-string file://proxy.json, then delete the file. Check that the user is not locked`;

/** Errors of the connection to the proxy itself, by the codes of Node and undici; the first match applies. */
const UNREACHABLE: readonly [codes: RegExp, problem: string][] = [
  [
    /^(ENOTFOUND|EAI_\w+)$/,
    'The host name of the proxy cannot be resolved. Check proxy.url in relay.yaml and the DNS of the network.',
  ],
  [/^ECONNREFUSED$/, 'The proxy refuses connections. Check proxy.url in relay.yaml, and that the proxy is running.'],
  [
    /^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|UND_ERR_HEADERS_TIMEOUT|EHOSTUNREACH|ENETUNREACH)$/,
    'The proxy, or the vault behind it, does not answer. Check proxy.url and url in relay.yaml, and the firewalls in between.',
  ],
  [
    /^(UND_ERR_PRX_CONN|HPE_\w+|HTTPParserError)$/,
    'The proxy closed the connection or does not speak HTTP. Check proxy.url in relay.yaml: it needs the port of an HTTP proxy.',
  ],
];

/**
 * Returns the name of the error, and its text with the fix, for an exchange that a proxy prevented; undefined if the
 * proxy is not the cause.
 */
export const explainProxy = (
  { by, reached, code = '' }: FailedExchange,
  proxy: HttpProxy,
  host: string,
): [ErrorName, string] | undefined => {
  if (by !== 'connection' || reached !== 'nothing') return undefined;
  if (code === PROXY_CREDENTIALS_REJECTED) return ['ProxyRefused', `failed (407). The proxy ${rejected(proxy)}.`];
  const [, status] = /^PROXY_(\d+)$/.exec(code) ?? [];
  if (status?.startsWith('5')) {
    return [
      'VaultUnavailable',
      `failed (${status}). The proxy does not reach ${host}. Check that the proxy can resolve the name, and that its firewall lets it pass.`,
    ];
  }
  if (status !== undefined) {
    return [
      'ProxyRefused',
      `failed (${status}). The proxy does not permit this connection. Allow CONNECT to ${host} in its rules.`,
    ];
  }
  const problem = UNREACHABLE.find(([codes]) => codes.test(code))?.[1];
  return problem === undefined ? undefined : ['VaultUnavailable', `failed (${code}). ${problem}`];
};
