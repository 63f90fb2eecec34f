import * as z from 'zod';
import { GLOBS, globs } from '#shared/config/schema/fields.ts';
import { commonSync } from '#shared/config/schema/sync.ts';
import { valueTemplate } from '#shared/config/schema/value.ts';
import type { SourceType } from '#shared/connections/connection-type.ts';
import { SAFE_API_VERSIONS, SAFE_SECRET_TYPES } from '#shared/connections/password-safe/safe-secret.ts';
import { parseRule } from '#shared/connections/password-safe/sources/parse.ts';
import type { Source } from '#shared/connections/vault.ts';

const sync = z.strictObject({
  source: z.literal('secrets-safe').describe('Credentials, texts and files of Secrets Safe.'),
  ...commonSync,
  value: valueTemplate
    .default({ username: '{username}', password: '{credential}' })
    .describe(
      'Content of the secret of a credential: a map, which becomes a JSON object and whose texts are templates, or one template for plain text. Texts and files are delivered as they are.',
    ),
  select: z
    .strictObject({
      folders: globs.describe(`Paths of folders, such as Payments/Databases. ${GLOBS}`),
      titles: globs.describe(`Titles of secrets. ${GLOBS}`),
      types: z.array(z.enum(SAFE_SECRET_TYPES)).default([]).describe('Kinds of secret; empty selects all.'),
    })
    .prefault({})
    .describe('Secrets to deliver; all secrets that the connection can read if omitted.'),
  apiVersion: z
    .enum(SAFE_API_VERSIONS)
    .default('3.0')
    .describe(
      "Version of the vault's answers. From 3.2 on, they contain the time of the last change of the value; before 3.2, a new description also counts as a change.",
    ),
});

/** Settings that Password Safe reads from a sync. Deployment has validated the complete rule. */
const ruleSchema = z.object({
  select: z
    .object({ folders: globs, titles: globs, types: z.array(z.enum(SAFE_SECRET_TYPES)).default([]) })
    .prefault({}),
  apiVersion: z.enum(SAFE_API_VERSIONS).default('3.0'),
});

export const parseSafeRule = (rule: Source) => parseRule(ruleSchema, rule);

/** Secrets of Secrets Safe. The vault never changes them by itself. */
export const secretsSafe: SourceType = {
  sync,
  rules: (rule) => {
    const { folders, titles, types } = parseSafeRule(rule).select;
    return {
      accessKind: 'plain-reads',
      opens: 'credential',
      labels: { username: {}, title: {}, folderPath: { path: true }, secretId: {} },
      needs: [
        { oneOf: ['title', 'secretId'], otherwise: 'gives two secrets of a folder the same name; add {title}' },
        {
          oneOf: ['folderPath', 'secretId'],
          otherwise: 'gives secrets of two folders the same name; add {folderPath}',
        },
      ],
      // Two secrets of a folder can have the same title.
      distinguishingPlaceholder: '{secretId}',
      hasPassphrase: false,
      bytes:
        types.length === 0 || types.includes('file')
          ? { what: 'files of Secrets Safe', fix: 'write select: { types: [credential, text] }' }
          : undefined,
      patterns: { folderPath: folders, title: titles, type: types },
      rotationWindowMinutes: 0,
    };
  },
};
