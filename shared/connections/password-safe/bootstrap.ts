import * as z from 'zod';
import { TOTP_SEED } from '#shared/connections/password-safe/totp.ts';
import { RelayError } from '#shared/errors.ts';
import { Secret } from '#shared/secret.ts';

const trimmed = z.string().trim().min(1);
const trimmedSecret = trimmed.transform((value) => new Secret(value));

/** Content of a bootstrap secret, by authentication type. */
export interface Bootstraps {
  readonly oauth: { readonly clientId: string; readonly clientSecret: Secret };
  readonly 'api-key': {
    readonly apiKey: Secret;
    readonly runAs: string;
    readonly password?: Secret | undefined;
    readonly totpSeed?: Secret | undefined;
  };
}

const BOOTSTRAPS: { readonly [Type in keyof Bootstraps]: z.ZodType<Bootstraps[Type]> } = {
  oauth: z.object({ clientId: trimmed, clientSecret: trimmedSecret }),
  'api-key': z.object({
    apiKey: trimmedSecret,
    runAs: trimmed,
    // Not trimmed: a password can end in a space.
    password: z
      .string()
      .min(1)
      .transform((value) => new Secret(value))
      .optional(),
    totpSeed: z
      .string()
      .trim()
      .regex(TOTP_SEED)
      .transform((value) => new Secret(value))
      .optional(),
  }),
};

/** Expected content of a bootstrap secret, as shown to operators. */
export const BOOTSTRAP_SHAPES = {
  oauth: '{"clientId": "…", "clientSecret": "…"}',
  'api-key':
    '{"apiKey": "…", "runAs": "DOMAIN\\\\user", "password": "…", "totpSeed": "…"} (password and totpSeed only if the vault requires them)',
} as const;

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/**
 * Parses the text of a bootstrap secret. Trims every value except the password, because the vault refuses stray spaces
 * and line ends without a reason. Raises `BootstrapUnusable`, naming the missing or invalid fields.
 */
export const parseBootstrap = <Type extends keyof Bootstraps>(
  type: Type,
  text: Secret,
  connection: string,
  origin = 'bootstrap secret',
): Bootstraps[Type] => {
  const parsed = BOOTSTRAPS[type].safeParse(parseJson(text.reveal()));
  if (parsed.success) return parsed.data;
  const fields = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.')))].filter((path) => path !== '');
  const problem = fields.length === 0 ? 'is not a JSON object' : `has no valid ${fields.join(' and no valid ')}`;
  throw new RelayError(
    'BootstrapUnusable',
    `${connection}: the ${origin} ${problem}. The authentication type is ${type}: put ${BOOTSTRAP_SHAPES[type]} into it.`,
  );
};
