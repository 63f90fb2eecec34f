import type { CurrentHttp } from '#shared/connections/current-http.ts';
import { idIn } from '#shared/connections/password-safe/ids.ts';
import { type Session, type SessionOptions, withSession } from '#shared/connections/password-safe/session.ts';
import type { Pairs } from '#shared/connections/password-safe/settings.ts';
import { accountRef } from '#shared/connections/password-safe/sources/account-items.ts';
import { accountsReading } from '#shared/connections/password-safe/sources/accounts-reading.ts';
import { aliasesReading } from '#shared/connections/password-safe/sources/aliases-reading.ts';
import { createPairsReading } from '#shared/connections/password-safe/sources/pairs-reading.ts';
import type { SourceReading } from '#shared/connections/password-safe/sources/reading.ts';
import { secretsSafeReading } from '#shared/connections/password-safe/sources/secrets-safe-reading.ts';
import { SOURCES, type SourceName } from '#shared/connections/password-safe/sources/sources.ts';
import { listSessions, type OpenSession, terminateSession } from '#shared/connections/password-safe/target-sessions.ts';
import type { Source, TargetSession, Vault, VaultSession } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';

const readingsOf = (pairs: Pairs): Readonly<Record<SourceName, SourceReading>> => ({
  accounts: accountsReading,
  aliases: aliasesReading,
  pairs: createPairsReading(pairs),
  'secrets-safe': secretsSafeReading,
});

export interface PasswordSafeOptions extends Omit<SessionOptions, 'http'> {
  readonly http: CurrentHttp;
  /** Pairs of accounts that the connection names. */
  readonly pairs?: Pairs | undefined;
}

/**
 * Creates the vault for a Password Safe, independent of the authentication method. Facts about its API: reference
 * password-safe-api.md.
 */
export const createPasswordSafe = ({
  http,
  pairs = {},
  ...options
}: PasswordSafeOptions): Pick<Vault, 'session' | 'rules'> => ({
  session: async (work) =>
    withSession({ ...options, http: await http() }, (session) => work(openVaultSession(session, readingsOf(pairs)))),
  rules: (source) => SOURCES[nameOf(source, options.connection)].rules(source),
});

const isSourceName = (name: string): name is SourceName => Object.hasOwn(SOURCES, name);

const nameOf = ({ source }: Source, connection: string): SourceName => {
  if (isSourceName(source)) return source;
  throw new RelayError('ConfigurationInvalid', `${connection}: Password Safe has no source ${JSON.stringify(source)}.`);
};

const openVaultSession = (session: Session, readings: ReturnType<typeof readingsOf>): VaultSession => {
  const readingOf = (source: Source): SourceReading => readings[nameOf(source, session.connection)];
  return {
    list: (source, within = {}) => readingOf(source).list(session, source, within),
    async find(source, labels) {
      const { find } = readingOf(source);
      if (find !== undefined) return find(session, source, labels);
      throw new RelayError(
        'ConfigurationInvalid',
        `${session.connection}: items of the source ${source.source} cannot be addressed individually.`,
      );
    },
    access: (source, expected = []) => readingOf(source).access(session, source, expected),
    rotation: (source, relayUsers = []) => readingOf(source).rotation?.(session, source, relayUsers),
    resources: async () =>
      (await import('#shared/connections/password-safe/resources/works.ts')).openResources(session),
    prepare: (source) => readingOf(source).prepare?.(),
    targetSessions: {
      list: async (onUnreadable) => (await listSessions(session, onUnreadable)).map(toTargetSession),
      end: async (id) => terminateSession(session, idIn(id, 'session')),
    },
  };
};

const toTargetSession = ({ sessionId, requestId, systemId, accountId }: OpenSession): TargetSession => ({
  id: String(sessionId),
  leaseId: requestId === undefined ? undefined : String(requestId),
  item: systemId === undefined || accountId === undefined ? undefined : accountRef({ systemId, accountId }),
});
