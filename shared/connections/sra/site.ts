import * as z from 'zod';
import { interpretCall } from '#shared/connections/sra/errors.ts';
import { CLOSED_AFTER } from '#shared/connections/sra/wire.ts';
import { json } from '#shared/http/answer.ts';
import type { Http } from '#shared/http/http.ts';
import type { Secret } from '#shared/secret.ts';

/** Product of a site, and permissions of an API account there. Only errors need them. */

const mechanismsSchema = z.object({ product: z.string() });

const permissionsSchema = z.object({ permissions: z.record(z.string(), z.unknown()) });

/** Product code of Privileged Remote Access. */
const PRA = 'bpam';

/** Permissions that the relay needs, with their names in the site. */
const NEEDED: readonly (readonly [permission: string, name: string])[] = [
  ['perm_configuration', 'Configuration API'],
  ['perm_configuration_vault_account', 'Manage Vault Accounts'],
];

const PROBE = { method: 'GET', idempotent: true, interpret: interpretCall } as const;

/** Product of the site, which it tells everybody. */
const productOf = async (http: Http): Promise<string> => {
  const read = json(mechanismsSchema);
  const { value } = await http.send({
    ...PROBE,
    path: 'get_mech_list',
    query: { version: 3 },
    headers: CLOSED_AFTER,
    read,
  });
  return value.product === PRA ? 'Privileged Remote Access' : 'Remote Support';
};

const isDenied = (permission: unknown): boolean => [false, 0, '0', 'deny', 'false'].some((one) => one === permission);

/** Names of needed permissions that the API account certainly lacks. */
const missingPermissions = async (http: Http, token: Secret): Promise<readonly string[]> => {
  const { value } = await http.send({
    ...PROBE,
    path: 'api/command/v2/info',
    headers: { ...CLOSED_AFTER, authorization: token.map((text) => `Bearer ${text}`) },
    read: json(permissionsSchema),
  });
  return NEEDED.flatMap(([permission, name]) => (isDenied(value.permissions[permission]) ? [name] : []));
};

const describe = async (http: Http, token: Secret): Promise<string> => {
  const [product, missing] = await Promise.all([
    productOf(http).catch(() => undefined),
    missingPermissions(http, token).catch(() => []),
  ]);
  return [
    ...(product === undefined ? [] : [`The site is a ${product} site.`]),
    ...(missing.length === 0 ? [] : [`It shows that the API account lacks ${missing.join(' and ')}.`]),
  ].join(' ');
};

/** An administrator can correct the permissions while a function is warm. */
const VALID_MS = 60_000;

/**
 * Describes the site for errors about missing permissions: its product, and the permissions that the API account lacks,
 * which only an account that may use the Command API can see. Two calls a minute at most. Empty if the site shows
 * nothing; never throws.
 */
export const createDescribeSite = (http: Http, now: () => number): ((token: Secret) => Promise<string>) => {
  let last: { readonly atMs: number; readonly text: Promise<string> } | undefined;
  return (token) => {
    const age = last === undefined ? Number.POSITIVE_INFINITY : now() - last.atMs;
    if (last === undefined || age < 0 || age >= VALID_MS) last = { atMs: now(), text: describe(http, token) };
    return last.text;
  };
};
