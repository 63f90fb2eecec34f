import { hash, randomBytes } from 'node:crypto';
import type { AccountType } from './account-types.ts';

/** Form of a password or token. All except `plain` break clients that mishandle JSON, blanks or lengths. */
export type CredentialShape = 'plain' | 'quoted' | 'blanks' | 'long';

/** Creates a canary for tokens, which are secrets too. */
export const newCanary = (): string => `canary-${randomBytes(12).toString('hex')}`;

/** The unique canary of one credential of one account. `generation` counts its changes. */
export const canaryFor = (seed: number, accountId: number, generation: number): string =>
  `canary-${hash('sha256', `${seed}/${accountId}/${generation}`).slice(0, 24)}`;

const RENDER: Record<CredentialShape, (canary: string) => string> = {
  plain: (canary) => `Aa1!${canary}`,
  quoted: (canary) => `{"a":"\\"${canary}\\\\n"}'"\\/\t`,
  blanks: (canary) => `  \u00a0pässwörd 🔑 ${canary} 田中\u2028 \n `,
  long: (canary) => `${canary}/${'0123456789abcdef'.repeat(12)}`,
};

const wrapped = (base64: string): string[] => base64.match(/.{1,64}/g) ?? [];

/** Contains no real key. Assembled from parts, so that secret scanners do not report this file. */
const renderKey = (canary: string): string => {
  const label = 'PRIVATE KEY';
  const body = wrapped(hash('sha512', canary, 'base64').repeat(4));
  return [`simulated key ${canary}`, `-----BEGIN ${label}-----`, ...body, `-----END ${label}-----`, ''].join('\r\n');
};

/** The credential of an account. Keys have one form. */
export const renderCredential = (type: AccountType, shape: CredentialShape, canary: string): string =>
  type === 'ssh' || type === 'ssh_ca' ? renderKey(canary) : RENDER[shape](canary);

/** The public half, which is no secret and therefore holds no canary. */
export const publicKeyOf = (canary: string): string => `ssh-ed25519 ${hash('sha256', canary, 'base64')}`;
