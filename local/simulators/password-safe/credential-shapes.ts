import { hash, randomBytes } from 'node:crypto';

/** Form of a credential. All except `plain` break clients that mishandle JSON, blanks or lengths. */
export type CredentialShape = 'plain' | 'quoted' | 'key' | 'blanks' | 'long' | 'base64';

/** Matches every canary. */
export const CANARY_PATTERN = /canary-[0-9a-f]{24}/;

/** Creates a canary for tokens and cookies, which are secrets too. */
export const newCanary = (): string => `canary-${randomBytes(12).toString('hex')}`;

/** The unique canary of one credential of one account. `generation` counts its changes. */
export const canaryFor = (seed: number, accountId: number, generation: number): string =>
  `canary-${hash('sha256', `${seed}/${accountId}/${generation}`).slice(0, 24)}`;

const keyLines = (canary: string): string[] => {
  const body =
    hash('sha512', canary, 'base64')
      .repeat(4)
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN SIMULATED KEY-----', `Comment: ${canary}`, '', ...body, '-----END SIMULATED KEY-----', ''];
};

const RENDER: Record<CredentialShape, (canary: string) => string> = {
  plain: (canary) => `Aa1!${canary}`,
  quoted: (canary) => `{"a":"\\"${canary}\\\\n"}'"\\/\t`,
  key: (canary) => keyLines(canary).join('\r\n'),
  blanks: (canary) => `  \u00a0pässwörd 🔑 ${canary} 田中\u2028 \n `,
  // Looks encoded, but every encoding changes it. Contains the canary as text and as base64.
  base64: (canary) => `c2lt+${canary}/${Buffer.from(`+/${canary}`).toString('base64')}==`,
  long: (canary) => `${canary}/${'0123456789abcdef'.repeat(1280)}/${canary}`,
};

export const renderCredential = (shape: CredentialShape, canary: string): string => RENDER[shape](canary);

/** The passphrase of a key, which only `type=passphrase` returns. */
export const renderPassphrase = (canary: string): string => `passphrase ${canary}`;
