import { openAccounts } from '#shared/connections/sra/accounts.ts';
import { withDates } from '#shared/connections/sra/reports/changes.ts';
import { type Session, type SessionOptions, withSession } from '#shared/connections/sra/session.ts';
import { accessAccounts } from '#shared/connections/sra/sources/account-access.ts';
import { allAccountLeases } from '#shared/connections/sra/sources/account-leases.ts';
import { findItem, listItems } from '#shared/connections/sra/sources/account-list.ts';
import { rotateAccounts } from '#shared/connections/sra/sources/account-rotation.ts';
import { SOURCES, type SourceName } from '#shared/connections/sra/sources/sources.ts';
import type { OpeningReads, Source, Vault, VaultSession } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';

/** Creates the vault for a site. Facts about its API: reference sra-and-secretsafe-api.md, part A. */
export const createSra = (options: SessionOptions): Pick<Vault<OpeningReads>, 'session' | 'rules'> => ({
  session: (work) => withSession(options, (session) => work(openVaultSession(session))),
  rules: (source) => SOURCES[nameOf(source, options.connection)].rules(source),
});

const isSourceName = (name: string): name is SourceName => Object.hasOwn(SOURCES, name);

const nameOf = ({ source }: Source, connection: string): SourceName => {
  if (isSourceName(source)) return source;
  throw new RelayError('ConfigurationInvalid', `${connection}: an SRA site has no source ${JSON.stringify(source)}.`);
};

const openVaultSession = (session: Session): VaultSession<OpeningReads> => {
  const accounts = openAccounts(session);
  const check = (source: Source): SourceName => nameOf(source, session.connection);
  return {
    list: (source, within = {}, since) => {
      check(source);
      return withDates(session, listItems(accounts, source, within), since);
    },
    find: async (source, labels) => {
      check(source);
      return findItem(accounts, labels);
    },
    access: (source) => {
      check(source);
      return accessAccounts(session);
    },
    rotation: (source) => {
      check(source);
      return rotateAccounts(session, accounts);
    },
    allLeases: (source) => {
      check(source);
      return allAccountLeases(session, accounts, source);
    },
  };
};
