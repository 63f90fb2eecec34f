import { parseJson } from '../../common/calls.ts';
import type { Reply } from '../../common/replies.ts';
import type { Call } from '../calls.ts';
import { json, oauthError, text } from '../replies.ts';
import type { OpenEndpoint, Site } from '../site.ts';

interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

const fieldsOf = ({ headers, body }: Call): Record<string, unknown> => {
  if (headers['content-type']?.includes('json') !== true) return Object.fromEntries(new URLSearchParams(body));
  const parsed = parseJson(body);
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
};

const basicCredentials = (header: string): Credentials | undefined => {
  const [, encoded = ''] = header.match(/^Basic\s+(\S+)$/i) ?? [];
  const [, clientId, clientSecret] =
    Buffer.from(encoded, 'base64')
      .toString()
      .match(/^([^:]*):(.*)$/s) ?? [];
  return clientId === undefined || clientSecret === undefined ? undefined : { clientId, clientSecret };
};

/** Basic with a form or JSON body, or a form with both fields and no header. */
const credentialsOf = ({ headers }: Call, fields: Record<string, unknown>): Credentials | undefined => {
  if (headers.authorization !== undefined) return basicCredentials(headers.authorization);
  const { client_id: clientId, client_secret: clientSecret } = fields;
  const isForm = headers['content-type']?.includes('form-urlencoded') === true;
  return isForm && typeof clientId === 'string' && typeof clientSecret === 'string'
    ? { clientId, clientSecret }
    : undefined;
};

const REJECTED = oauthError(401, 'invalid_client', 'Client authentication failed.');

const issueToken = (site: Site, call: Call): Reply => {
  const { apiAccounts, tokens, switches, now } = site;
  const fields = fieldsOf(call);
  const credentials = credentialsOf(call, fields);
  if (fields['grant_type'] !== 'client_credentials') {
    return oauthError(400, 'unsupported_grant_type', 'The authorization grant type is not supported.');
  }
  const account = apiAccounts.find(credentials?.clientId ?? '');
  if (credentials === undefined || account === undefined) return REJECTED;
  if (!apiAccounts.isReachable(account)) {
    return oauthError(switches.deniedNetworkToken, 'unauthorized_client', 'The client is not authorized.');
  }
  if (!apiAccounts.proves(account, credentials.clientSecret, now()) || !account.enabled) return REJECTED;
  const token = tokens.issue(account.clientId);
  return json(200, { access_token: token.text, token_type: switches.tokenType, expires_in: switches.tokenSeconds });
};

/** Calls without a token. */
export const openEndpoints: readonly OpenEndpoint[] = [
  { anonymous: true, method: 'POST', template: 'oauth2/token', kind: 'token', handle: issueToken },
  {
    anonymous: true,
    method: 'GET',
    template: 'check_health',
    kind: 'health',
    handle: ({ switches }) =>
      switches.health === 'healthy' ? text(200, 'The site is healthy.') : text(500, 'The site is not healthy.'),
  },
  {
    anonymous: true,
    method: 'GET',
    template: 'get_mech_list',
    kind: 'mechanisms',
    // Clients take every other product for Remote Support, whose own value is unconfirmed.
    handle: ({ switches }) => json(200, { product: switches.product === 'pra' ? 'bpam' : 'rs' }),
  },
];
