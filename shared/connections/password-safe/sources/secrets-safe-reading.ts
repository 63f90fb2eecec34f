import { openSecretsSafe } from '#shared/connections/password-safe/secrets-safe.ts';
import type { SourceReading } from '#shared/connections/password-safe/sources/reading.ts';
import { safeItem } from '#shared/connections/password-safe/sources/safe-items.ts';
import { prepareSafe } from '#shared/connections/password-safe/sources/safe-preparation.ts';
import { createSafeReads } from '#shared/connections/password-safe/sources/safe-reads.ts';
import { parseSafeRule } from '#shared/connections/password-safe/sources/secrets-safe.ts';

export const secretsSafeReading: SourceReading = {
  async *list(session, source) {
    const { apiVersion } = parseSafeRule(source);
    for await (const { secrets, ...page } of openSecretsSafe(session).list(apiVersion)) {
      yield { items: secrets.map(safeItem), ...page };
    }
  },

  access: (session, source, expected) =>
    createSafeReads(openSecretsSafe(session), parseSafeRule(source).apiVersion, expected),

  prepare: prepareSafe,
};
