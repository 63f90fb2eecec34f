import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { REGISTERED_TYPES, type RegisteredTypes } from '#shared/config/registered-types.ts';
import { commonConnection } from '#shared/config/schema/connection.ts';
import type { DirectoryType } from '#shared/connections/connection-type.ts';
import { configWith, problemsOf } from '#test/unit/shared/config/support.ts';

const settings = z.strictObject({ type: z.literal('roster').describe('A list of people.'), ...commonConnection });

const roster: DirectoryType<typeof settings> = {
  settings,
  sources: {},
  operatorSecrets: () => [],
  sharesToken: () => false,
  openDirectory: () => Promise.reject(new Error('not opened')),
};
const TYPES: RegisteredTypes = {
  ...REGISTERED_TYPES,
  connections: { ...REGISTERED_TYPES.connections, roster },
};

const ROSTER = "  people: { type: roster, url: 'https://people.example.com' }";
const SCHEDULE = 'schedule: { expression: rate(1 hour) }';
const RULES = {
  syncs: `source: vault-accounts, connection: people, ${SCHEDULE}, stores: [aws], name: 'wrong/{accountId}'`,
  checkouts: `source: vault-accounts, connection: people, stores: [aws], name: 'wrong/{checkoutId}/{accountId}'`,
  rotations: `source: vault-accounts, connection: people, undelivered: true, ${SCHEDULE}`,
  oldCheckouts: `source: vault-accounts, connection: people, ${SCHEDULE}, olderThanHours: 8`,
};

const problemsWith = (section: string, rule: string): readonly string[] => {
  const text = configWith({ 7: `      bootstrapSecret: bootstrap/vault\n${ROSTER}` });
  const entry = `  wrong: { ${rule} }`;
  const whole =
    section === 'syncs' ? text.replace(/^syncs:$/m, `syncs:\n${entry}`) : `${text}\n${section}:\n${entry}\n`;
  return problemsOf(whole, undefined, TYPES).filter((line) => line.includes(`${section}.wrong.`));
};

describe('a rule that reads credentials', () => {
  it.each(Object.entries(RULES))('under %s is refused over a directory, with one message', (section, rule) => {
    expect(problemsWith(section, rule)).toEqual([
      expect.stringMatching(
        new RegExp(`^relay.yaml:\\d+:\\d+ ${section}.wrong.connection: "people" is a directory, which .* name a vault`),
      ),
    ]);
  });
});
