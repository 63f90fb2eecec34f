import { type Account, type Alias, describeAccount } from '#shared/domain/account.ts';
import type { SafeSecret } from '#shared/domain/safe-secret.ts';
import type { SubjectPlaceholder } from '#shared/domain/template.ts';

/** What a sync may deliver, as a list of the vault shows it. Holds no credential. */
export type Deliverable = Account | Alias | SafeSecret;

/** How people name it. For messages and reports only. */
export const describeDeliverable = (subject: Deliverable): string => {
  switch (subject.kind) {
    case 'account':
      return describeAccount(subject);
    case 'alias':
      return `${subject.aliasName} (${describeAccount(subject)})`;
    case 'safe-secret':
      return `${subject.folderPath}/${subject.title}`;
  }
};

/** What tells it from all others of its vault, for as long as it exists. A sync's memory is kept by it. */
export const deliverableKey = (
  subject: Pick<Account, 'kind' | 'systemId' | 'accountId'> | Alias | SafeSecret,
): string => {
  switch (subject.kind) {
    case 'account':
      return `${subject.systemId}:${subject.accountId}`;
    case 'alias':
      return `alias:${subject.aliasId}`;
    case 'safe-secret':
      return `secret:${subject.secretId}`;
  }
};

/** Whose credential it is at this time: an alias that points elsewhere means another one. */
export const credentialIdentity = (subject: Deliverable): readonly (string | number)[] => {
  switch (subject.kind) {
    case 'account':
      return [subject.systemId, subject.accountId];
    case 'alias':
      return ['alias', subject.aliasId, subject.systemId, subject.accountId];
    case 'safe-secret':
      return ['secret', subject.secretId];
  }
};

/** Whether the vault is changing the credential, or has queued a change. A secret of Secrets Safe only people change. */
export const isChanging = (subject: Deliverable): boolean => subject.kind !== 'safe-secret' && subject.changing;

/** What a template may say of it; a placeholder that this kind of thing does not have the configuration's checks refuse. */
export const textsOf = (subject: Deliverable): Readonly<Partial<Record<SubjectPlaceholder, string>>> => {
  if (subject.kind === 'safe-secret') {
    const { folderPath, title, username } = subject;
    return { folderPath, title, username };
  }
  const { accountName, systemName, domainName, workgroupName } = subject;
  const [accountId, systemId] = [String(subject.accountId), String(subject.systemId)];
  const ofAccount = { accountName, accountId, systemName, systemId, domainName, workgroupName };
  return subject.kind === 'alias' ? { ...ofAccount, aliasName: subject.aliasName } : ofAccount;
};
