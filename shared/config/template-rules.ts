import type { CheckoutConfig, SyncConfig } from '#shared/config/schema.ts';
import { ACCOUNT_PLACEHOLDERS, type Placeholder } from '#shared/domain/template.ts';

/** A placeholder that a name has to hold, or another that does as well, and what is wrong without. */
interface Need {
  readonly oneOf: readonly Placeholder[];
  readonly otherwise: string;
}

/** What the templates of one sync or checkout may hold, and what its names have to hold to be told apart. */
export interface TemplateRules {
  readonly placeholders: readonly Placeholder[];
  readonly needs: readonly Need[];
}

const ACCOUNT_NEEDS: readonly Need[] = [
  {
    oneOf: ['accountName', 'accountId'],
    otherwise: 'gives two accounts of a system the same name; add {accountName} or {accountId}',
  },
  {
    oneOf: ['systemName', 'systemId'],
    otherwise: 'gives accounts of two systems the same name; add {systemName} or {systemId}',
  },
];

/** A checkout retires what it has delivered: it must never be what another one still needs. */
const CHECKOUT_NEEDS: readonly Need[] = [
  ...ACCOUNT_NEEDS,
  { oneOf: ['checkoutId'], otherwise: 'gives two checkouts of an account the same name; add {checkoutId}' },
];

/** By the account alone, the secret would be another one whenever the alias points elsewhere. */
const ALIAS_NEEDS: readonly Need[] = [
  { oneOf: ['aliasName'], otherwise: 'gives two aliases of an account the same name; add {aliasName}' },
];

const SAFE_NEEDS: readonly Need[] = [
  { oneOf: ['title'], otherwise: 'gives two secrets of a folder the same name; add {title}' },
  { oneOf: ['folderPath'], otherwise: 'gives secrets of two folders the same name; add {folderPath}' },
];

const passphraseOf = (kind: string): readonly Placeholder[] => (kind === 'dsskey' ? ['passphrase'] : []);

export const rulesOfCheckout = ({ handsOut }: CheckoutConfig): TemplateRules => ({
  placeholders: ['credential', ...passphraseOf(handsOut), 'checkoutId', ...ACCOUNT_PLACEHOLDERS],
  needs: CHECKOUT_NEEDS,
});

export const rulesOfSync = (sync: SyncConfig): TemplateRules => {
  switch (sync.source) {
    case 'accounts':
      return {
        placeholders: ['credential', ...passphraseOf(sync.credential), ...ACCOUNT_PLACEHOLDERS],
        needs: ACCOUNT_NEEDS,
      };
    case 'aliases': {
      // The list of aliases tells no workgroups.
      const ofAccount = ACCOUNT_PLACEHOLDERS.filter((placeholder) => placeholder !== 'workgroupName');
      const placeholders = ['credential', ...passphraseOf(sync.credential), 'aliasName', ...ofAccount] as const;
      return { placeholders, needs: ALIAS_NEEDS };
    }
    case 'secrets-safe':
      return { placeholders: ['credential', 'username', 'title', 'folderPath'], needs: SAFE_NEEDS };
  }
};

/** Why a placeholder is not for every template. */
export const WHOSE: Readonly<Record<Placeholder, string>> = {
  credential: 'which every value holds',
  passphrase: 'which only a key (dsskey) has',
  checkoutId: 'which only a checkout has',
  aliasName: 'which only a sync of aliases has',
  workgroupName: 'which only an account has that is listed by its workgroup',
  accountName: 'which only an account has',
  accountId: 'which only an account has',
  systemName: 'which only an account has',
  systemId: 'which only an account has',
  domainName: 'which only an account has',
  folderPath: 'which only a sync of Secrets Safe has',
  title: 'which only a sync of Secrets Safe has',
  username: 'which only a sync of Secrets Safe has',
};
