import { readFileSync } from 'node:fs';
import { type Examined, examineConfig } from '#shared/config/load.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { RelayError } from '#shared/errors.ts';

/** Reads and examines a relay.yaml. Raises `ConfigurationInvalid` if the file cannot be read. */
export const examineFile = (file: string): Examined => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new RelayError(
      'ConfigurationInvalid',
      `The file ${file} cannot be read. Start from an example: cp examples/minimal.yaml relay.yaml`,
      { cause },
    );
  }
  return examineConfig(text, { file });
};

/** Reads a relay.yaml that must be valid. */
export const readConfiguration = (file: string): RelayConfig => {
  const { config, problems } = examineFile(file);
  if (config !== undefined) return config;
  throw new RelayError(
    'ConfigurationInvalid',
    `${file} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}. List them: npx pam-relay validate ${file}`,
  );
};
