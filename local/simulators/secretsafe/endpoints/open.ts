import type { Call } from '../calls.ts';
import { describe } from '../description/document.ts';
import { importOnlyError, json, notFound, oauthError } from '../replies.ts';
import type { Endpoint, OpenEndpoint, OpenReply, Site } from '../site.ts';
import { API_SCOPE } from '../tokens.ts';

const DEVICE_FIELDS = ['device_identifier', 'device_name', 'device_type'] as const;

const camelCase = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

const isMissing = (form: URLSearchParams, name: string): boolean =>
  (form.get(name) ?? form.get(camelCase(name)) ?? '') === '';

const rejected = ({ switches }: Site): OpenReply => {
  if (switches.era === 'import-only') throw importOnlyError(400, 'Incorrect client_id or client_secret');
  return { reply: oauthError(switches.rejectedSecret, 'invalid_client') };
};

const issueToken = (site: Site, { headers, body }: Call): OpenReply => {
  const { apiKey, switches, tokens } = site;
  if (headers['content-type']?.includes('form-urlencoded') !== true)
    return { reply: oauthError(400, 'invalid_request') };
  const form = new URLSearchParams(body);
  if (form.get('grant_type') !== 'client_credentials') return { reply: oauthError(400, 'unsupported_grant_type') };
  const missing = DEVICE_FIELDS.find((name) => isMissing(form, name));
  if (missing !== undefined) {
    if (switches.era === 'import-only') throw importOnlyError(400, `${missing} cannot be blank`);
    if (switches.deviceFields === 'required') return { reply: oauthError(400, 'invalid_request') };
  }
  const isKey = form.get('client_id') === apiKey.clientId && form.get('client_secret') === apiKey.clientSecret;
  if (!isKey || !site.isEnabled) return rejected(site);
  if ((form.get('scope') ?? API_SCOPE) !== API_SCOPE) return { reply: oauthError(400, 'invalid_scope') };
  const issued = tokens.issue();
  const answer = { access_token: issued.text, expires_in: switches.tokenSeconds, token_type: 'Bearer' };
  return { reply: json(200, { ...answer, scope: API_SCOPE }), issued };
};

/** Calls without a token. The document lists the paths that the server knows now. */
export const openEndpoints = (known: (site: Site) => readonly Endpoint[]): readonly OpenEndpoint[] => [
  {
    isOpen: true,
    method: 'POST',
    template: 'identity/connect/token',
    kind: 'token',
    eras: ['today', 'older', 'import-only'],
    handle: issueToken,
  },
  {
    isOpen: true,
    method: 'GET',
    template: 'api/specs/public/swagger.json',
    kind: 'specification',
    handle(site) {
      if (site.switches.specification === 'absent') throw notFound();
      const endpoints = known(site).filter((endpoint) => endpoint.isOpen !== true);
      return { reply: json(200, describe(endpoints, site.switches.era === 'older')) };
    },
  },
];
