import * as z from 'zod';
import { TOTP_SEED } from '#shared/connections/password-safe/totp.ts';
import { RelayError } from '#shared/errors.ts';
import { Secret } from '#shared/secret.ts';

const trimmed = z.string().trim().min(1);
const trimmedSecret = trimmed.transform((value) => new Secret(value));

/** What a bootstrap secret holds, by the way that its connection authenticates. */
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
    // Not trimmed: a space at its end may belong to it.
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

/** What to put into a bootstrap secret, to be shown to an operator. */
export const BOOTSTRAP_SHAPES = {
  oauth: '{"clientId": "…", "clientSecret": "…"}',
  'api-key':
    '{"apiKey": "…", "runAs": "DOMAIN\\\\user", "password": "…", "totpSeed": "…"} (password and totpSeed only where the vault asks for them)',
} as const;

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/**
 * Reads the text of a bootstrap secret. Ends of lines and spaces around values, which would fail silently at the vault,
 * are dropped. Raises `BootstrapUnusable`, naming the fields that are missing or empty.
 */
export const parseBootstrap = <Type extends keyof Bootstraps>(
  type: Type,
  text: Secret,
  connection: string,
): Bootstraps[Type] => {
  const parsed = BOOTSTRAPS[type].safeParse(parseJson(text.reveal()));
  if (parsed.success) return parsed.data;
  const fields = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.')))].filter((path) => path !== '');
  const problem = fields.length === 0 ? 'is not a JSON object' : `has nothing usable in ${fields.join(' and ')}`;
  throw new RelayError(
    'BootstrapUnusable',
    `${connection}: the bootstrap secret ${problem}. Its authentication type is ${type}, so put ${BOOTSTRAP_SHAPES[type]} into it.`,
  );
};
