import { examineFile } from '#shared/config/load.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { shellQuote } from '#shared/domain/shell.ts';
import { RelayError } from '#shared/errors.ts';

/** Reads a relay.yaml that must be valid. */
export const readConfiguration = (file: string): RelayConfig => {
  const { config, problems } = examineFile(file);
  if (config !== undefined) return config;
  throw new RelayError(
    'ConfigurationInvalid',
    `${file} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}. List them: npx pam-relay validate ${shellQuote(file)}`,
  );
};
