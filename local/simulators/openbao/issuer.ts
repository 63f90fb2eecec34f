import { createPublicKey } from 'node:crypto';
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { type Fields, isFields } from './calls.ts';
import { textIn, textsIn } from './fields.ts';
import { type IssuerKey, parseKeySet } from './jwt.ts';
import { Refusal, refusal } from './replies.ts';

/** Source of the keys of an issuer: its description, its key set, or the keys themselves. */
export interface KeySource {
  fetchKeys(): Promise<readonly IssuerKey[]>;
}

const SOURCES = ['jwt_validation_pubkeys', 'jwks_url', 'oidc_discovery_url'] as const;
const CHOOSE =
  "exactly one of 'jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs', 'oidc_discovery_url', or 'provider_config' must be set";

/** Creates the source of keys of a configuration, and tries it. Throws a Refusal. */
export const createKeySource = async (config: Fields): Promise<KeySource> => {
  const given = SOURCES.filter((name) => textsIn(config, name).length > 0);
  const [source, ...others] = given;
  if (source === undefined || others.length > 0) throw new Refusal(refusal(400, CHOOSE));
  if (source === 'jwt_validation_pubkeys') return fixedKeys(textsIn(config, source));
  const url = textIn(config, source);
  if (source === 'jwks_url') {
    const fetchKeys = () => fetchKeySet(url, textIn(config, 'jwks_ca_pem'));
    await fetchKeys().catch(() => {
      throw new Refusal(refusal(400, 'error checking jwks URL'));
    });
    return { fetchKeys };
  }
  const ca = textIn(config, 'oidc_discovery_ca_pem');
  const fetchKeys = async () => fetchKeySet(await fetchKeySetUrl(url, ca), ca);
  await fetchKeySetUrl(url, ca).catch((error: unknown) => {
    const problem = error instanceof Error ? error.message : '';
    throw new Refusal(refusal(400, `error checking oidc discovery URL: ${problem}`));
  });
  return { fetchKeys };
};

const fixedKeys = (pems: readonly string[]): KeySource => {
  const keys = pems.map((pem) => ({ id: undefined, key: createPublicKey(pem) }));
  return { fetchKeys: async () => keys };
};

const fetchKeySet = async (url: string, ca: string): Promise<readonly IssuerKey[]> => {
  const keys = parseKeySet(await fetchJson(url, ca));
  if (keys === undefined) throw new Error('The answer is no key set.');
  return keys;
};

const fetchKeySetUrl = async (issuer: string, ca: string): Promise<string> => {
  const description = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, ca);
  if (!isFields(description)) throw new Error('The answer is no description of an issuer.');
  if (description['issuer'] !== issuer) {
    throw new Error(
      `oidc: issuer did not match the issuer returned by provider, expected "${issuer}" got "${description['issuer']}"`,
    );
  }
  return textIn(description, 'jwks_uri');
};

/** Reads from this machine only. */
const fetchJson = async (url: string, ca: string): Promise<unknown> => {
  if (new URL(url).hostname !== '127.0.0.1') throw new Error(`${url} is not on the loopback interface.`);
  const { status, body } = await new Promise<{ status: number; body: string }>((resolve, reject) => {
    const get = url.startsWith('https:') ? getHttps : getHttp;
    get(url, ca === '' ? {} : { ca }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    }).once('error', reject);
  });
  if (status !== 200) throw new Error(`${status} ${status === 404 ? 'Not Found' : ''}: ${body}`);
  return JSON.parse(body);
};
