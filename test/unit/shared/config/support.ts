import { readFileSync } from 'node:fs';
import { parseConfig } from '#shared/config/load.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import { RelayError } from '#shared/errors.ts';

/** Base configuration. Tests refer to its line numbers. */
const LINES = [
  'connections:',
  '  vault:',
  '    type: password-safe',
  '    url: https://pam.example.com/BeyondTrust/api/public/v3',
  '    authentication:',
  '      type: oauth',
  '      bootstrapSecret: bootstrap/vault',
  'stores:',
  '  aws:',
  '    type: aws-secrets-manager',
  'syncs:',
  '  fleet:',
  '    connection: vault',
  '    stores: [aws]',
  '    name: fleet/{systemName}/{accountName}',
  "    value: { password: '{credential}' }",
  '    schedule: { expression: rate(1 hour) }',
];

/** The base configuration with some lines replaced, counted from 1. A line can become several lines, or none. */
export const configWith = (replacements: Readonly<Record<number, string | readonly string[]>> = {}): string =>
  LINES.flatMap((line, index) => replacements[index + 1] ?? line).join('\n');

export const CA_PEM = readFileSync(new URL('../../../fixtures/ca.pem', import.meta.url), 'utf8');

/** Lines of the single error of a configuration. */
export const problemsOf = (
  text: string,
  readFile: (path: string) => string = () => CA_PEM,
  types?: RegisteredTypes,
): string[] => {
  try {
    parseConfig(text, { file: 'relay.yaml', readFile }, types);
  } catch (error) {
    if (error instanceof RelayError && error.name === 'ConfigurationInvalid') return error.message.split('\n');
    throw error;
  }
  return [];
};
